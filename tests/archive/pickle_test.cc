#include "archive/pickle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "archive/test_zip.h"
#include "bertrt/error.h"

namespace bertrt::archive {
namespace {

using testing::HasSubstr;
using namespace std::string_literals;

const std::string kProto = "\x80\x02"s;

std::string error_of(const std::string& pickle) {
  try {
    const Pickle read(archive::test::bytes_of(pickle), "p");
    return "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::invalid_format);
    return error.what();
  }
}

TEST(Pickle, ReadsNumbersTextsAndContainers) {
  const std::string bytes = kProto + "(N"s + "\x88\x89K\xffM\x01\x02J\xfe\xff\xff\xff"s + "\x8a\x02\x00\x80"s +
                            "\x8a\x00"s + "\x8a\x08\x00\x00\x00\x00\x00\x01\x00\x00"s +
                            "G\x3f\xf8\x00\x00\x00\x00\x00\x00"s + "X\x02\x00\x00\x00hi"s + "t."s;
  const Pickle pickle(archive::test::bytes_of(bytes), "p");
  const PickleValue root = pickle.root();
  ASSERT_TRUE(root.is(PickleKind::tuple));
  ASSERT_EQ(root.size(), 11U);
  EXPECT_TRUE(root[0].is(PickleKind::none));
  EXPECT_TRUE(root[1].boolean());
  EXPECT_FALSE(root[2].boolean());
  EXPECT_EQ(root[3].integer(), 255);
  EXPECT_EQ(root[4].integer(), 0x201);
  EXPECT_EQ(root[5].integer(), -2);
  EXPECT_EQ(root[6].integer(), -32768);
  EXPECT_EQ(root[7].integer(), 0);
  EXPECT_EQ(root[8].integer(), std::int64_t{1} << 40);
  EXPECT_EQ(root[9].real(), 1.5);
  EXPECT_EQ(root[10].text(), "hi");
  EXPECT_EQ(root[10].integer(), 0);  // of another kind: nothing, and no harm
}

TEST(Pickle, FillsListsAndDictsInSteps) {
  // [1, 2, 3]: one appended, then, with a dict in between so that the list has to move, two more.
  const std::string list = kProto + "(]q\x00K\x01"s + "a}X\x01\x00\x00\x00kK\x05sq\x01h\x00(K\x02K\x03"s + "et."s;
  const Pickle pickle(archive::test::bytes_of(list), "p");
  const PickleValue root = pickle.root();
  ASSERT_EQ(root.size(), 3U);
  ASSERT_EQ(root[0].size(), 3U);
  EXPECT_EQ(root[0][0].integer(), 1);
  EXPECT_EQ(root[0][2].integer(), 3);
  EXPECT_EQ(root[2].size(), 3U);  // the same list by the memo
  ASSERT_EQ(root[1].size(), 1U);
  EXPECT_EQ(root[1].find("k")->integer(), 5);
  EXPECT_FALSE(root[1].find("none").has_value());
}

TEST(Pickle, ReadsObjectsOfTorchScriptClasses) {
  const std::string bytes = kProto + "c__torch__.a\nB\n)\x81}X\x01\x00\x00\x00wK\x07sb."s;
  const Pickle pickle(archive::test::bytes_of(bytes), "p");
  ASSERT_TRUE(pickle.root().is(PickleKind::object));
  EXPECT_EQ(pickle.root().class_name(), "__torch__.a.B");
  EXPECT_EQ(pickle.root().state()->find("w")->integer(), 7);
}

TEST(Pickle, NamesTheOpcodeAndItsPlaceForWhatItDoesNotKnow) {
  EXPECT_THAT(error_of(kProto + "cos\nsystem\n(X\x02\x00\x00\x00lst"
                                "R."s),
              AllOf(HasSubstr("opcode 0x63 at byte 2"), HasSubstr("'os.system'")));
  EXPECT_THAT(error_of(kProto + "cbuiltins\neval\n."s), HasSubstr("'builtins.eval'"));
  EXPECT_THAT(error_of(kProto + "ctorch\nload\n)R."s), HasSubstr("'torch.load'"));
  EXPECT_THAT(error_of(kProto + "ctorch\nFloatStorage\n)\x81."s), HasSubstr("TorchScript class"));
  EXPECT_THAT(error_of(kProto + "V hello\n."s), HasSubstr("opcode 0x56 at byte 2"));
  EXPECT_THAT(error_of("\x80\x04."s), HasSubstr("protocol 2"));
}

TEST(Pickle, EveryTruncationIsAnError) {
  const std::string whole =
      kProto + "c__torch__.a\nB\n)\x81}(X\x01\x00\x00\x00wK\x07X\x01\x00\x00\x00v\x8a\x01\x02ub."s;
  ASSERT_EQ(error_of(whole), "no error");
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_NE(error_of(whole.substr(0, size)), "no error") << size;
}

TEST(Pickle, StackAndMemoAreChecked) {
  EXPECT_THAT(error_of(kProto + "."s), HasSubstr("one value"));
  EXPECT_THAT(error_of(kProto + "NN."s), HasSubstr("one value"));
  EXPECT_THAT(error_of(kProto + "t."s), HasSubstr("a mark"));
  EXPECT_THAT(error_of(kProto + "N(."s), HasSubstr("one value"));
  EXPECT_THAT(error_of(kProto + "N(\x85."s), HasSubstr("values on the stack"));
  EXPECT_THAT(error_of(kProto + "h\x05."s), HasSubstr("remembered"));
  EXPECT_THAT(error_of(kProto + "Nr\xff\xff\xff\xff."s), HasSubstr("memo index"));
  EXPECT_THAT(error_of(kProto + "NK\x01"
                                "a."s),
              HasSubstr("a list"));
  EXPECT_THAT(error_of(kProto + "}(K\x01u."s), HasSubstr("odd"));
  EXPECT_THAT(error_of(kProto + "(e."s), HasSubstr("on the stack"));
  EXPECT_THAT(error_of(kProto + "NQ."s), HasSubstr("storage"));
  EXPECT_THAT(error_of(kProto + "NNb."s), HasSubstr("new object"));
  EXPECT_THAT(error_of(kProto + "NNR."s), HasSubstr("arguments"));
  EXPECT_THAT(error_of(kProto + "ctorch.jit._pickle\nbuild_intlist\n)R."s), HasSubstr("argument"));
}

TEST(Pickle, ListsThatGrowByTurnsStayInProportion) {
  // Two lists filled by turns have to move each time: a pickle that does so often is refused, not followed.
  std::string bytes = kProto + "]q\x00]q\x01"s;
  for (int i = 0; i < 4000; ++i)
    bytes +=
        "h\x00K\x01"
        "ah\x01K\x01"
        "a\x86"s;
  EXPECT_THAT(error_of(bytes + "."), HasSubstr("one piece"));
}

TEST(Pickle, NothingContainsItself) {
  EXPECT_THAT(error_of(kProto + "]q\x00h\x00"s + "a."s), HasSubstr("contain themselves"));
  EXPECT_THAT(error_of(kProto + "}q\x00X\x01\x00\x00\x00kh\x00s."s), HasSubstr("contain themselves"));
  EXPECT_THAT(error_of(kProto + "c__torch__\nM\n)\x81q\x00}X\x01\x00\x00\x00kh\x00sb."s),
              HasSubstr("contain themselves"));
  // Through a tuple that was finished before the list was filled.
  EXPECT_THAT(error_of(kProto + "]q\x00h\x00\x85q\x01"s + "0"s + "."s), HasSubstr("opcode 0x30"));
  EXPECT_THAT(error_of(kProto + "(]q\x00h\x00\x85q\x01h\x00h\x01"s + "at."s), HasSubstr("contain themselves"));
}

std::string nested(std::size_t depth) { return kProto + ")" + std::string(depth, '\x85') + "."; }

TEST(Pickle, DepthIsBoundedHoweverItIsReached) {
  EXPECT_EQ(error_of(nested(Pickle::kMaxDepth - 1)), "no error");
  EXPECT_THAT(error_of(nested(Pickle::kMaxDepth)), HasSubstr("nested"));
  EXPECT_THAT(error_of(nested(3000000)), HasSubstr("nested"));
  EXPECT_THAT(error_of(kProto + std::string(5000, '(') + "."), HasSubstr("marks"));
  // A deep value by itself, then inside of deep ones: no single way down meets both bounds.
  const std::string deep = std::string(1, ')').append(150, '\x85').append("q\x00"s);
  EXPECT_EQ(error_of(kProto + "(" + deep + "h\x00"s + std::string(40, '\x85') + "t."), "no error");
  EXPECT_THAT(error_of(kProto + "(" + deep + "h\x00"s + std::string(60, '\x85') + "t."), HasSubstr("nested"));
}

// Values that hold one value twice each: 40 of them are 2^40 when every reference is followed.
TEST(Pickle, SharedValuesStayWalkable) {
  const auto doubled = [](int times) {
    std::string bytes = kProto + "(Nq\x00"s;
    for (int i = 0; i < times; ++i) bytes += "h\x00h\x00\x86q\x00"s;
    return bytes + "t."s;
  };
  EXPECT_EQ(error_of(doubled(18)), "no error");
  for (const int times : {30, 90}) {
    try {
      const Pickle read(archive::test::bytes_of(doubled(times)), "p");
      ADD_FAILURE() << times;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::unsupported);
      EXPECT_THAT(error.what(), HasSubstr("references are followed"));
    }
  }
}

TEST(Pickle, TheNumberOfValuesIsBounded) {
  try {
    const Pickle read(archive::test::bytes_of(kProto + "(" + std::string(Pickle::kMaxValues + 1, ']') + "t."), "p");
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::unsupported);
  }
}

TEST(Pickle, FindsAllValuesOfAKind) {
  const std::string bytes = kProto + "(K\x01NK\x02\x85t."s;
  const Pickle pickle(archive::test::bytes_of(bytes), "p");
  const auto integers = pickle.values_of(PickleKind::integer);
  ASSERT_EQ(integers.size(), 2U);
  EXPECT_EQ(integers[1].integer(), 2);
}

}  // namespace
}  // namespace bertrt::archive
