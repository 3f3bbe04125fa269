#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "run_cli.h"

namespace bertrt::cli_test {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

std::string golden(const std::string& name) { return std::string(BERTRT_TEST_DATA) + "/tasks/" + name; }

std::string output_path(const std::string& name) {
  const auto path = std::filesystem::temp_directory_path() / name;
  std::filesystem::remove(path);
  return path.string();
}

std::string content(const std::string& path) {
  std::ostringstream out;
  out << std::ifstream(path, std::ios::binary).rdbuf();
  return out.str();
}

// What the header says of the shape, and the data behind it.
std::pair<std::string, std::string> npy(const std::string& path) {
  const std::string bytes = content(path);
  const std::size_t begin = bytes.find("'shape': ") + 9;
  return {bytes.substr(begin, bytes.find(')', begin) + 1 - begin),
          bytes.substr(std::min<std::size_t>(128, bytes.size()))};
}

std::vector<float> floats(const std::string& bytes) {
  std::vector<float> values(bytes.size() / sizeof(float));
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

TEST(Embed, GivesTheContract) {
  const json expected = json::parse(content(golden("sentence-mean/expected.json")));
  std::string lines;
  for (const json& text : expected["cases"][0]["inputs"]) lines += text.get<std::string>() + "\n";
  const auto found = run_json({"embed", "--model", golden("sentence-mean")}, lines);
  ASSERT_EQ(found.size(), expected["cases"][0]["inputs"].size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    const json& wanted = expected["cases"][0]["result"][i];
    ASSERT_EQ(found[i]["embedding"].size(), wanted.size());
    for (std::size_t at = 0; at < wanted.size(); ++at) {
      EXPECT_NEAR(found[i]["embedding"][at].get<double>(), wanted[at].get<double>(), 1e-5);
    }
  }
}

TEST(Embed, OptionsOfTheDenseVector) {
  const std::string model = golden("sentence-mean");
  EXPECT_EQ(run_json({"embed", "--model", model, "--dimensions", "3", "the river"}).at(0)["embedding"].size(), 3U);
  const auto bits = run_json({"embed", "--model", model, "--precision", "binary", "the river"}).at(0)["embedding"];
  ASSERT_EQ(bits.size(), 2U);
  for (const json& byte : bits) EXPECT_TRUE(byte.get<int>() >= -128 && byte.get<int>() <= 127);
  double size = 0;
  const json normal = run_json({"embed", "--model", model, "--dimensions", "3", "--normalize", "a"}).at(0);
  for (const json& value : normal["embedding"]) {
    size += value.get<double>() * value.get<double>();
  }
  EXPECT_NEAR(size, 1, 1e-5);
  const auto plain = run_json({"embed", "--model", model, "the question : a"});
  EXPECT_EQ(run_json({"embed", "--model", model, "--prompt", "query", "a"}), plain);
  EXPECT_EQ(run_json({"embed", "--model", model, "--prompt-text", "the question : ", "a"}), plain);
  EXPECT_NE(run_json({"embed", "--model", model, "--pooling", "cls", "the question : a"}), plain);
}

TEST(Embed, IntegersHaveTheRangesOfTheTextsOrOfAFile) {
  const std::string model = golden("sentence-mean");
  const std::string ranges = output_path("bertrt_ranges.npy");
  const auto all =
      run_json({"embed", "--model", model, "--precision", "uint8", "--save-ranges", ranges}, "a\nriver\nking\n");
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(npy(ranges).first, "(2, 16)");
  const auto one = run_json({"embed", "--model", model, "--precision", "uint8", "--ranges", ranges, "river"});
  EXPECT_EQ(one.at(0), all[1]);
  expect_refused({"embed", "--model", model, "--precision", "int8", "river"}, 2, "at least two vectors");
  expect_refused({"embed", "--model", model, "--precision", "int8", "--skip", "1"}, 2, "--ranges", "a\nb\n");
}

TEST(Embed, SparseByDescendingWeight) {
  const auto line = run_json({"embed", "--model", golden("splade"), "--sparse", "the river"}).at(0);
  ASSERT_GT(line["tokens"].size(), 3U);
  for (std::size_t i = 1; i < line["tokens"].size(); ++i) {
    EXPECT_GE(line["tokens"][i - 1]["weight"].get<double>(), line["tokens"][i]["weight"].get<double>());
  }
  EXPECT_TRUE(line["tokens"][0].contains("token") && line["tokens"][0].contains("token_id"));
}

TEST(Embed, MultiVectorsOfQueriesAreExpanded) {
  const auto query =
      run_json({"embed", "--model", golden("colbert-expansion"), "--multi-vector", "query", "river"}).at(0);
  EXPECT_EQ(query["shape"], json::parse("[12,16]"));
  EXPECT_EQ(query["data"].size(), 12U * 16);
  const auto document =
      run_json({"embed", "--model", golden("colbert-expansion"), "--multi-vector", "document", "river ."}).at(0);
  EXPECT_EQ(document["shape"], json::parse("[3,16]"));  // without the full stop
}

TEST(Embed, TablesOfWordVectors) {
  const auto line = run_json({"embed", "--model", golden("neighbour-static"), "the sea"}).at(0);
  EXPECT_EQ(line["embedding"].size(), 16U);
  EXPECT_FALSE(run_json({"embed", "--model", golden("neighbour-idf"), "--sparse", "the sea"}).at(0)["tokens"].empty());
}

TEST(Embed, AnNpyFileIsGoneOnWith) {
  const std::string model = golden("sentence-mean");
  const std::string path = output_path("bertrt_embed.npy");
  const Outcome first = run({"embed", "--model", model, "--output", path}, "a\nriver\n");
  ASSERT_EQ(first.status, 0) << first.err;
  EXPECT_THAT(first.err, HasSubstr("texts/s"));
  EXPECT_EQ(npy(path).first, "(2, 16)");
  expect_refused({"embed", "--model", model, "--output", path, "--skip", "1"}, 2, "--skip 2", "a\nriver\nking\n");
  ASSERT_EQ(run({"embed", "--model", model, "--output", path, "--skip", "2"}, "a\nriver\nking\n").status, 0);
  const std::string whole = content(path);
  ASSERT_EQ(run({"embed", "--model", model, "--output", path}, "a\nriver\nking\n").status, 0);
  EXPECT_EQ(npy(path).first, "(3, 16)");
  const auto parts = floats(whole.substr(128));
  const auto at_once = floats(npy(path).second);
  ASSERT_EQ(parts.size(), at_once.size());
  for (std::size_t i = 0; i < parts.size(); ++i) EXPECT_NEAR(parts[i], at_once[i], 1e-5);
}

// The second line is written when the first one's row is in the file, so that a kill would not take it.
TEST(Embed, RowsAreInTheFileBeforeTheNextTextsCome) {
  const std::string path = output_path("bertrt_between.npy");
  const std::string seen = "head -c 128 " + path + " 2>/dev/null | grep -aq \"(1, 16)\"";
  const std::string lines =
      "{ echo a; for i in $(seq 1500); do if " + seen + "; then echo river; break; fi; sleep 0.02; done; }";
  const Outcome outcome =
      run_shell(lines + " | \"$BERTRT\" embed --model '" + golden("sentence-mean") + "' --output " + path);
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(npy(path).first, "(2, 16)");
}

TEST(Embed, APipeIsNoOutput) {
  const std::string path = output_path("bertrt_pipe.npy");
  const Outcome outcome = run_shell("mkfifo " + path + " && \"$BERTRT\" embed --model '" + golden("sentence-mean") +
                                    "' --output " + path + " a");
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, HasSubstr("is a pipe"));
  std::filesystem::remove(path);
}

// Rows that the file has not would come back as zeros.
TEST(Embed, AFileThatIsShorterThanItsHeaderSaysIsNotGoneOnWith) {
  const std::string model = golden("sentence-mean");
  const std::string path = output_path("bertrt_short.npy");
  ASSERT_EQ(run({"embed", "--model", model, "--output", path}, "a\nriver\nking\n").status, 0);
  const auto whole = std::filesystem::file_size(path);
  std::filesystem::resize_file(path, whole - 1);
  expect_refused({"embed", "--model", model, "--output", path, "--skip", "3"}, 2, "there are 2 behind it",
                 "a\nriver\nking\nsea\n");
  EXPECT_EQ(std::filesystem::file_size(path), whole - 1);
}

TEST(Embed, WhatIsReadIsNotWrittenOver) {
  const std::string model = golden("sentence-mean");
  const std::string texts = output_path("bertrt_texts.txt");
  std::ofstream(texts) << "a\nriver\n";
  const std::string link = output_path("bertrt_texts_link.txt");
  std::filesystem::create_hard_link(texts, link);
  const std::string embed = "\"$BERTRT\" embed --model '" + model + "' ";
  for (const std::string& name : {texts, link}) {
    for (const std::string& more : {"--output " + name, "--precision int8 --save-ranges " + name}) {
      const Outcome outcome = run_shell(embed + more + " <" + texts);
      EXPECT_EQ(outcome.status, 2) << more;
      EXPECT_THAT(outcome.err, HasSubstr("standard input")) << more;
      EXPECT_EQ(content(texts), "a\nriver\n") << more;
    }
  }
  const std::string both = output_path("bertrt_both.npy");
  expect_refused({"embed", "--model", model, "--precision", "int8", "--save-ranges", both, "--output", both}, 2,
                 "--output as well", "a\nriver\n");
  EXPECT_FALSE(std::filesystem::exists(both));
  ASSERT_EQ(run({"embed", "--model", model, "--precision", "int8", "--save-ranges", both}, "a\nriver\n").status, 0);
  const std::string ranges = content(both);
  expect_refused({"embed", "--model", model, "--precision", "int8", "--ranges", both, "--output", both}, 2,
                 "--ranges as well", "a\nriver\n");
  EXPECT_EQ(content(both), ranges);
  const auto folder = std::filesystem::path(output_path("bertrt_model_folder"));
  std::filesystem::create_directories(folder / "part");
  std::ofstream(folder / "part" / "weights.bin") << "weights";
  std::ofstream(folder / "vectors.npy") << "vectors";
  expect_refused({"embed", "--model", folder.string(), "--output", (folder / "part/weights.bin").string(), "a"}, 2,
                 "--model as well");
  EXPECT_EQ(content((folder / "part/weights.bin").string()), "weights");
  EXPECT_THAT(run({"embed", "--model", folder.string(), "--output", (folder / "vectors.npy").string(), "a"}).err,
              testing::Not(HasSubstr("as well")));
  std::filesystem::remove_all(folder);
}

TEST(Embed, AnOutputStaysAsItIsUntilThereAreRows) {
  const std::string model = golden("sentence-mean");
  const std::string path = output_path("bertrt_kept.npy");
  ASSERT_EQ(run({"embed", "--model", model, "--output", path}, "a\nriver\n").status, 0);
  const std::string before = content(path);
  const std::string narrow = output_path("bertrt_narrow.npy");
  ASSERT_EQ(run({"embed", "--model", model, "--dimensions", "3", "--precision", "int8", "--save-ranges", narrow},
                "a\nriver\n")
                .status,
            0);
  const std::vector<std::string> embed = {"embed", "--model", model, "--output", path};
  const auto refused = [&](const std::vector<std::string>& more, const std::string& part, const std::string& input) {
    auto command = embed;
    command.insert(command.end(), more.begin(), more.end());
    expect_refused(command, 2, part, input);
    EXPECT_EQ(content(path), before) << part;
  };
  refused({"--precision", "int8", "--ranges", "/no/such/ranges.npy"}, "/no/such/ranges.npy", "a\nb\n");
  refused({"--precision", "int8", "--ranges", narrow}, "--ranges", "a\nb\n");
  refused({"--precision", "int8"}, "at least two vectors", "");
  refused({"--input-format", "jsonl"}, "line 1", "no json\n");
  for (const char* input : {"</tmp", "<&-"}) {
    const Outcome outcome = run_shell("\"$BERTRT\" embed --model '" + model + "' --output '" + path + "' " + input);
    EXPECT_EQ(outcome.status, 2);
    EXPECT_EQ(content(path), before) << input;
  }
  const std::string fresh = output_path("bertrt_fresh.npy");
  expect_refused({"embed", "--model", model, "--input-format", "jsonl", "--output", fresh}, 2, "line 1", "no json\n");
  EXPECT_FALSE(std::filesystem::exists(fresh)) << "a new file that got nothing goes";
  ASSERT_EQ(run({"embed", "--model", model, "--output", path}, "").status, 0);
  EXPECT_EQ(npy(path).first, "(0, 16)") << "no text at all is a matrix without rows";
}

TEST(Embed, WhatBreaksOffLeavesAWholeFile) {
  const std::string path = output_path("bertrt_broken_off.npy");
  const std::vector<std::string> command = {"embed",    "--model", golden("sentence-mean"), "--input-format", "jsonl",
                                            "--output", path};
  const std::string lines = "{\"text\":\"a\"}\n{\"text\":1}\n{\"text\":\"b\"}\n";
  const Outcome outcome = run(command, lines);
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, HasSubstr("line 2"));
  EXPECT_EQ(npy(path).first, "(1, 16)");
  auto going_on = command;
  going_on.push_back("--keep-going");
  EXPECT_EQ(run(going_on, lines).status, 0);
  EXPECT_EQ(npy(path).first, "(3, 16)");
  const auto values = floats(npy(path).second);
  EXPECT_NE(values[16], values[16]);  // not a number, in the bad line's place
  EXPECT_EQ(values[32], values[32]);
}

TEST(Embed, BadUseIsRefused) {
  const std::string model = golden("sentence-mean");
  expect_refused({"embed", "--model", model, "--sparse", "--normalize", "a"}, 2, "--sparse goes without");
  expect_refused({"embed", "--model", model, "--pooling", "cls", "mean"}, 2, "--pooling cls,mean");
  EXPECT_EQ(run({"embed", "--help"}).out.find("lasttoken} ..."), std::string::npos);
  expect_refused({"embed", "--model", model, "--sparse", "a"}, 2, "heads: none");
  expect_refused({"embed", "--model", golden("splade"), "a"}, 2, "SpladePooling");
  expect_refused({"embed", "--model", model, "--prompt", "nothing", "a"}, 2, "query, document");
  expect_refused({"embed", "--model", model, "a", "b"}, 2, "not expected");
  expect_refused({"embed", "--model", model, "--skip", "5"}, 2, "fewer", "a\n");
  expect_refused({"embed", "--model", model, "--output", "/no/such/folder/x.npy", "a"}, 1, "cannot be written");
  expect_refused({"embed", "--model", model, "--precision", "int8", "--ranges", model + "/config.json", "a"}, 2,
                 "numpy");
}

TEST(Embed, RangesThatFitNoVectorEndTheJob) {
  const std::string model = golden("sentence-mean");
  const std::string ranges = output_path("bertrt_wide.npy");
  ASSERT_EQ(run({"embed", "--model", model, "--precision", "int8", "--save-ranges", ranges}, "a\nriver\n").status, 0);
  expect_refused({"embed", "--model", model, "--precision", "int8", "--ranges", ranges, "--dimensions", "8",
                  "--keep-going", "--json"},
                 2, "--ranges", "a\nriver\n");
}

TEST(Embed, ABadLineHasAnErrorInItsPlace) {
  const auto lines = run_json({"embed", "--model", golden("sentence-mean"), "--input-format", "jsonl", "--keep-going"},
                              "{\"text\":\"a\"}\n{\n{\"text\":\"a\",\"pair\":\"b\"}\n{\"text\":\"a\"}\n");
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_EQ(lines[0], lines[3]);
  EXPECT_THAT(lines[1]["error"].get<std::string>(), HasSubstr("line 2"));
  EXPECT_THAT(lines[2]["error"].get<std::string>(), HasSubstr("pair"));
}

}  // namespace
}  // namespace bertrt::cli_test
