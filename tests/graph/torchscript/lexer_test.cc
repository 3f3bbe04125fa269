#include "graph/torchscript/lexer.h"

#include <gmock/gmock.h>

#include <vector>

#include "error_matchers.h"

namespace bertrt::graph::torchscript {
namespace {

const std::string kEntry = "model.pt: code/x.py";

std::vector<std::string> texts(std::string_view code) {
  Lexer lexer(code, kEntry);
  std::vector<std::string> found;
  for (Token token = lexer.next(); token.kind != TokenKind::end; token = lexer.next()) {
    found.push_back(token.kind == TokenKind::newline ? "NL" : std::string(token.text));
  }
  return found;
}

std::string meaning(const std::string& literal) {
  Lexer lexer(literal, kEntry);
  return unescape(lexer.next(), lexer);
}

TEST(Lexer, SplitsWhatTorchPrints) {
  EXPECT_THAT(texts("_0, a = (self).forward(x, 1.5e-05, )\n"),
              testing::ElementsAre("_0", ",", "a", "=", "(", "self", ")", ".", "forward", "(", "x", ",", "1.5e-05", ",",
                                   ")", "NL"));
  EXPECT_THAT(texts("def f(x: int=-1) -> T:"),
              testing::ElementsAre("def", "f", "(", "x", ":", "int", "=", "-", "1", ")", "->", "T", ":", "NL"));
  EXPECT_THAT(texts("a == b // c ** 2"), testing::ElementsAre("a", "==", "b", "//", "c", "**", "2", "NL"));
}

TEST(Lexer, LinesGoOnInBracketsAndEmptyOnesAreNone) {
  EXPECT_THAT(texts("\n\n# a comment\nf(a,\n  b)\n\ny"),
              testing::ElementsAre("f", "(", "a", ",", "b", ")", "NL", "y", "NL"));
}

TEST(Lexer, KnowsLinesAndColumns) {
  Lexer lexer("a\n\n  b", kEntry);
  EXPECT_EQ(lexer.next().line, 1U);
  lexer.next();
  const Token token = lexer.next();
  EXPECT_EQ(token.line, 3U);
  EXPECT_EQ(token.column, 2U);
  EXPECT_EQ(lexer.where(token.line), "model.pt: code/x.py:3");
}

TEST(Lexer, NumbersAreWholeOrReal) {
  for (const auto& [code, kind] :
       std::vector<std::pair<std::string, TokenKind>>{{"9223372036854775807", TokenKind::integer},
                                                      {"0.", TokenKind::real},
                                                      {"1e5", TokenKind::real},
                                                      {"9.9999999999999998e-13", TokenKind::real}}) {
    Lexer lexer(code, kEntry);
    const Token token = lexer.next();
    EXPECT_EQ(token.kind, kind) << code;
    EXPECT_EQ(token.text, code);
  }
}

TEST(Lexer, RefusesWhatIsNoToken) {
  for (const std::string& code : {std::string("a ? b"), std::string("a\0b", 3), std::string("1j"),
                                  std::string("\"open"), std::string("\"open\n\""), std::string("\xc3\xa9")}) {
    const Error error = thrown_by([&] { texts(code); });
    EXPECT_EQ(error.code(), ErrorCode::invalid_format) << code;
    EXPECT_EQ(error.where(), "model.pt: code/x.py:1");
  }
}

TEST(Lexer, ResolvesEscapes) {
  EXPECT_EQ(meaning(R"("a\"b\\c\n\t'")"), "a\"b\\c\n\t'");
  EXPECT_EQ(meaning(R"('\x41\102\0z')"), std::string("AB\0z", 4));
  EXPECT_EQ(meaning(R"("")"), "");
  EXPECT_EQ(thrown_by([] { meaning(R"("\q")"); }).code(), ErrorCode::invalid_format);
  EXPECT_EQ(thrown_by([] { meaning(R"("\777")"); }).code(), ErrorCode::invalid_format);
  EXPECT_EQ(thrown_by([] { meaning(R"("\x4")"); }).code(), ErrorCode::invalid_format);
}

}  // namespace
}  // namespace bertrt::graph::torchscript
