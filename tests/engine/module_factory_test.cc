#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "archive/test_zip.h"
#include "bertrt/runtime.h"
#include "bertrt/torchscript.h"
#include "engine/module.h"
#include "error_matchers.h"

namespace bertrt::engine {
namespace {

using ::testing::HasSubstr;

class Nothing final : public Engine {
 public:
  explicit Nothing(std::size_t threads) { facts_.max_length = threads; }
  EncoderOutput run(const batch::Batch&, const RunRequest&) const override { return {}; }
  const EngineFacts& facts() const noexcept override { return facts_; }

 private:
  EngineFacts facts_;
};

std::optional<Failure> make(const ModuleHost& host, const EngineSource&,
                            std::unique_ptr<const Engine>& engine) noexcept {
  host.warn("made");
  engine = std::make_unique<Nothing>(host.num_threads());
  return std::nullopt;
}

std::optional<Failure> fail_to_make(const ModuleHost&, const EngineSource&, std::unique_ptr<const Engine>&) noexcept {
  return Failure{ErrorCode::model_mismatch, "here", "this", "that"};
}

std::optional<Failure> fail_to_run(const Engine&, const batch::Batch&, const RunRequest&, EncoderOutput&) noexcept {
  return Failure{ErrorCode::runtime, "there", "an answer", "none"};
}

constexpr EngineModule kModule = {kBorder, make, fail_to_run};

// A file in which nothing is found; the rest of it is never asked for.
class EmptyFile final : public model::ModelFile {
 public:
  explicit EmptyFile(model::Finding::Severity severity) : findings_{{severity, "code", "writes files"}} {}
  const std::string& name() const noexcept override { return name_; }
  std::span<const std::byte> bytes() const noexcept override { return {}; }
  const archive::Archive& archive() const noexcept override { return archive_; }
  std::span<const model::Parameter> parameters() const noexcept override { return {}; }
  const model::Parameter* find_parameter(std::string_view) const noexcept override { return nullptr; }
  std::string_view module_class(std::string_view) const noexcept override { return {}; }
  const archive::TensorView* constant(std::size_t) const noexcept override { return nullptr; }
  std::span<const model::Method> methods() const noexcept override { return {}; }
  const model::Method* find_method(std::string_view) const noexcept override { return nullptr; }
  const std::map<std::string, std::string, std::less<>>& code() const noexcept override { return code_; }
  std::span<const model::Finding> findings() const noexcept override { return findings_; }
  const std::optional<model::Manifest>& manifest() const noexcept override { return manifest_; }
  std::optional<std::string_view> extra(std::string_view) const override { return std::nullopt; }
  std::vector<std::string> extra_names() const override { return {}; }

 private:
  std::string name_ = "model.pt";
  std::string zip_ = archive::test::make_zip({{.name = "m/data.pkl"}, {.name = "m/constants.pkl"}});
  archive::Archive archive_{archive::test::bytes_of(zip_), name_};
  std::map<std::string, std::string, std::less<>> code_;
  std::vector<model::Finding> findings_;
  std::optional<model::Manifest> manifest_;
};

std::unique_ptr<const Engine> make_with(const EngineModule& module,
                                        model::Finding::Severity severity = model::Finding::Severity::note,
                                        Trust trust = Trust::data_only) {
  const std::shared_ptr<const model::ModelFile> file = std::make_shared<EmptyFile>(severity);
  SessionOptions options;
  options.trust = trust;
  return module_factory(EngineKind::torchscript, module, "module.so")
      ->make({file, std::shared_ptr<const family::Trace>(), options, {}});
}

TEST(Module, ReachesTheLibraryThroughItsTableAlone) {
  std::string warning;
  set_warning_handler([&](std::string_view message) { warning = message; });
  set_num_threads(3);
  EXPECT_EQ(make_with(kModule)->facts().max_length, 3U);
  set_num_threads(0);
  set_warning_handler({});
  EXPECT_EQ(warning, "made");
}

TEST(Module, FailuresAreErrors) {
  const Error made = thrown_by([] { make_with({kBorder, fail_to_make, fail_to_run}); });
  EXPECT_EQ(made.code(), ErrorCode::model_mismatch);
  EXPECT_STREQ(made.what(), "here: expected this, found that");
  const auto engine = make_with(kModule);
  EXPECT_EQ(thrown_by([&] { engine->run({}, {}); }).where(), "there");
}

TEST(Module, OfAnotherBuildIsRefusedBeforeAnythingOfItIsUsed) {
  const Error error = thrown_by([] { make_with({"bertrt 0.0.1 0123", nullptr, nullptr}); });
  EXPECT_EQ(error.code(), ErrorCode::unsupported);
  EXPECT_EQ(error.where(), "module.so");
  EXPECT_THAT(error.found(), HasSubstr("0.0.1"));
  static constexpr EngineModule other = {"another", nullptr, nullptr};
  EXPECT_EQ(thrown_by([] { register_engine(other); }).code(), ErrorCode::unsupported);
}

TEST(Module, NeverSeesAFileThatMustNotRun) {
  using model::Finding;
  const Error error = thrown_by([] { make_with({kBorder, nullptr, nullptr}, Finding::Severity::refuse); });
  EXPECT_EQ(error.code(), ErrorCode::unsafe_model);
  EXPECT_THAT(error.what(), HasSubstr("writes files"));
  EXPECT_NE(make_with(kModule, Finding::Severity::refuse, Trust::full), nullptr);
}

}  // namespace
}  // namespace bertrt::engine
