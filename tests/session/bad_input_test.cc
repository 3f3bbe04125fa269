// Every bad input has one clear error.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bertrt/verify.h"
#include "error_matchers.h"
#include "session/trace_golden.h"

namespace bertrt {
namespace {

using ::testing::HasSubstr;

class BadFile : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(::testing::TempDir()) /
              ("bertrt_" + std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()));
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path write(const std::string& name, const std::string& bytes) const {
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
    return folder_ / name;
  }

  std::filesystem::path folder_;
};

std::string read(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

Error load_error(const std::filesystem::path& path, const SessionOptions& options = {}) {
  const Error error = thrown_by([&] { BertSession::load(path, options); });
  EXPECT_THAT(error.what(), HasSubstr(path.filename().string()));
  return error;
}

TEST_F(BadFile, Missing) { EXPECT_EQ(load_error(folder_ / "none.pt").code(), ErrorCode::file_not_found); }

TEST_F(BadFile, Directory) { EXPECT_EQ(load_error(folder_).code(), ErrorCode::io); }

TEST_F(BadFile, Empty) { EXPECT_EQ(load_error(write("empty.pt", "")).code(), ErrorCode::invalid_format); }

TEST_F(BadFile, NotAZip) {
  EXPECT_EQ(load_error(write("text.pt", "this is no model")).code(), ErrorCode::invalid_format);
}

TEST_F(BadFile, Truncated) {
  const std::string whole = read(trace_path("bert_tuple.pt"));
  for (const std::size_t part : {1U, 2U, 3U}) {
    EXPECT_EQ(load_error(write("cut.pt", whole.substr(0, whole.size() * part / 4))).code(), ErrorCode::invalid_format);
  }
}

TEST_F(BadFile, StateDict) {
  const Error error = load_error(trace_path("state_dict.pt"));
  EXPECT_EQ(error.code(), ErrorCode::invalid_format);
  EXPECT_THAT(error.what(), HasSubstr("state_dict"));
}

TEST_F(BadFile, Pt2) { EXPECT_THAT(load_error(trace_path("exported.pt2")).what(), HasSubstr(".pt2")); }

// Its operators could be evaluated; what it takes, no text gives.
TEST_F(BadFile, SomethingElse) {
  EXPECT_THAT(load_error(trace_path("not_text.pt"), {.engine = EngineKind::packed}).what(), HasSubstr("no input_ids"));
  const BertSession session = BertSession::load(trace_path("not_text.pt"), {.warmup = false});
  Encoding text;
  text.input_ids.assign(8, 1);
  text.attention_mask.assign(8, 1);
  text.token_type_ids.assign(8, 0);
  EXPECT_THAT(thrown_by([&] { session.run(text); }).what(), HasSubstr("pixels"));
}

TEST_F(BadFile, HostileFilesAreRefusedBeforeTheyRun) {
  for (const char* file : {"hostile_setstate.pt", "hostile_save.pt"}) {
    EXPECT_EQ(load_error(trace_path(file), {.engine = EngineKind::torchscript}).code(), ErrorCode::unsafe_model);
    EXPECT_EQ(load_error(trace_path(file), {.engine = EngineKind::packed}).code(), ErrorCode::unsupported);
  }
  EXPECT_EQ(load_error(trace_path("hostile_save.pt")).code(), ErrorCode::unsafe_model);
  // What runs while libtorch loads a file is no part of its graph: that one can be evaluated, and nothing else happens.
  EXPECT_EQ(BertSession::load(trace_path("hostile_setstate.pt")).info().engine, EngineKind::graph);
  EXPECT_FALSE(std::filesystem::exists("bertrt_hostile_model_ran"));
}

TEST_F(BadFile, VocabularyThatDoesNotFit) {
  std::string vocabulary = read(trace_path("vocab.txt"));
  for (int i = 0; i < 30; ++i) vocabulary += "more" + std::to_string(i) + "\n";
  const auto path = write("vocab.txt", vocabulary);
  const Error error = load_error(trace_path("bert_tuple.pt"), {.tokenizer = path});
  EXPECT_EQ(error.code(), ErrorCode::model_mismatch);
  EXPECT_THAT(error.what(), HasSubstr("at most 128 tokens"));
  EXPECT_THAT(error.what(), HasSubstr("found 129"));
}

TEST_F(BadFile, VocabularyThatIsNotThere) {
  const Error error =
      thrown_by([&] { BertSession::load(trace_path("bert_tuple.pt"), {.tokenizer = folder_ / "none.txt"}); });
  EXPECT_EQ(error.code(), ErrorCode::file_not_found);
}

TEST_F(BadFile, OperatorLibraries) {
  const auto load = [&](const std::filesystem::path& library) {
    return thrown_by(
        [&] { load_trace("bert_tuple.pt", {.trust = Trust::full, .torchscript = {.operator_libraries = {library}}}); });
  };
  EXPECT_EQ(load(folder_ / "none.so").code(), ErrorCode::file_not_found);
  EXPECT_EQ(load(write("text.so", "no library")).code(), ErrorCode::unsupported);
}

TEST(BadOption, Device) {
  const auto error = [](const char* device) {
    return thrown_by([&] { load_trace("bert_tuple.pt", {.torchscript = {.device = device}}); });
  };
  EXPECT_EQ(error("toaster").code(), ErrorCode::invalid_argument);
  EXPECT_EQ(error("cuda:99").code(), ErrorCode::unsupported);
  EXPECT_THAT(error("cuda:99").what(), HasSubstr("TorchScriptOptions::device"));
  EXPECT_STREQ(error("gpu").what(), "TorchScriptOptions::device: expected \"cpu\" or \"cuda:N\", found \"gpu\"");
}

TEST(BadOption, WhatContradictsItself) {
  const auto error = [](const SessionOptions& options) {
    const Error thrown = thrown_by([&] { BertSession::load(trace_path("bert_tuple.pt"), options); });
    EXPECT_EQ(thrown.code(), ErrorCode::invalid_argument) << thrown.what();
    return std::string(thrown.what());
  };
  EXPECT_THAT(error({.engine = EngineKind::torchscript, .trust = Trust::data_only}),
              HasSubstr("SessionOptions::trust"));
  EXPECT_THAT(error({.engine = EngineKind::torchscript, .packed = {.dtype = DType::int8}}), HasSubstr("dtype"));
  EXPECT_THAT(error({.trust = Trust::checked, .torchscript = {.operator_libraries = {"x.so"}}}), HasSubstr("trust"));
  EXPECT_THAT(error({.threads = 1025}), HasSubstr("threads"));
}

TEST(BadOption, LibtorchIsNotOpenedUnasked) {
  for (const std::optional<Trust> trust : {std::optional<Trust>(), std::optional(Trust::data_only)}) {
    const Error error = thrown_by([&] { BertSession::load(trace_path("custom_operator.pt"), {.trust = trust}); });
    EXPECT_EQ(error.code(), ErrorCode::unsafe_model);
    EXPECT_THAT(error.what(), HasSubstr("torchscript is not used: "));
  }
}

TEST(BadOption, InputNames) {
  using Names = std::vector<std::string>;
  for (const Names& names : {Names{"input_ids"}, Names{"input_ids", "attention_mask", "token_type_ids", "more"},
                             Names{"input_ids", "attention_mask", "input_ids"}}) {
    for (const EngineKind engine : {EngineKind::automatic, EngineKind::graph}) {
      const Error error = thrown_by([&] {
        BertSession::load(trace_path("bert_tuple.pt"), {.engine = engine, .torchscript = {.input_names = names}});
      });
      EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
      EXPECT_THAT(error.what(), HasSubstr("TorchScriptOptions::input_names"));
    }
  }
  const auto folder = std::filesystem::path(BERTRT_TEST_DATA) / "tasks" / "feature-extraction";
  EXPECT_THAT(thrown_by([&] { BertSession::load(folder, {.torchscript = {.input_names = {"input_ids"}}}); }).what(),
              HasSubstr("input_names"));
}

TEST(BadRun, EachHasItsError) {
  const BertSession session = load_trace("bert_tuple.pt");
  const auto code = [&](const Encoding& text, const RunRequest& request = {}) {
    return thrown_by([&] { session.run(text, request); }).code();
  };
  EXPECT_EQ(thrown_by([&] { session.run(std::span<const Encoding>()); }).code(), ErrorCode::invalid_argument);
  const auto with = [](std::vector<std::int32_t> ids, auto&& change) {
    Encoding text;
    text.input_ids = std::move(ids);
    change(text);
    return text;
  };
  const auto as_is = [](Encoding&) {};
  EXPECT_EQ(code({}), ErrorCode::invalid_argument);
  EXPECT_EQ(code(with({128}, as_is)), ErrorCode::invalid_argument);
  EXPECT_EQ(code(with({-1}, as_is)), ErrorCode::invalid_argument);
  EXPECT_EQ(code(with({1}, [](Encoding& text) { text.token_type_ids = {2}; })), ErrorCode::invalid_argument);
  EXPECT_EQ(code(with({1, 2}, [](Encoding& text) { text.attention_mask = {1}; })), ErrorCode::invalid_argument);
  EXPECT_EQ(code(with({1, 2}, [](Encoding& text) { text.position_ids = {0, 1}; })), ErrorCode::invalid_argument);
  EXPECT_EQ(code(with({1},
                      [](Encoding& text) {
                        text.extra_inputs = {{"bbox", 1, {1}, {}}};
                      })),
            ErrorCode::invalid_argument);
  EXPECT_EQ(code(with(std::vector<std::int32_t>(65, 1), as_is)), ErrorCode::input_too_long);
  RunRequest request;
  request.logit_tokens = {{0, 2}};
  EXPECT_EQ(code(with({1, 2}, as_is), request), ErrorCode::invalid_argument);
}

TEST(BadRun, ASessionThatWasMovedFrom) {
  BertSession session = load_trace("bert_tuple.pt");
  const BertSession taken = std::move(session);
  for (const auto& call : std::vector<std::function<void()>>{
           [&] { session.run(Encoding()); }, [&] { session.info(); }, [&] { session.tokenizer(); },
           [&] { session.has_tokenizer(); }, [&] { verify(session); }}) {
    const Error error = thrown_by(call);
    EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
    EXPECT_THAT(error.what(), HasSubstr("moved from"));
  }
}

TEST(BadRun, AHoleInTheMaskOfATraceWithoutOne) {
  const BertSession session = load_trace("bert_ids_only.pt");
  Encoding text;
  text.input_ids = {1, 2, 3};
  text.attention_mask = {1, 0, 1};
  const Error error = thrown_by([&] { session.run(text); });
  EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
  EXPECT_THAT(error.what(), HasSubstr("attention_mask"));
}

TEST(BadCall, WhatTheSessionDoesNotHave) {
  const std::string bytes = read(trace_path("bert_tuple.pt"));
  const BertSession session =
      BertSession::load_from_memory(std::as_bytes(std::span(bytes)), {.engine = EngineKind::torchscript});
  EXPECT_FALSE(session.has_tokenizer());
  EXPECT_EQ(thrown_by([&] { session.tokenizer(); }).code(), ErrorCode::unsupported);
  EXPECT_EQ(thrown_by([&] { verify(session); }).code(), ErrorCode::unsupported);
}

}  // namespace
}  // namespace bertrt
