#include <algorithm>
#include <cctype>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <new>
#include <sstream>
#include <string>
#include <string_view>

#include "bertrt/error.h"
#include "bertrt/runtime.h"
#include "commands.h"
#include "demo_model.h"
#include "printable.h"
#include "terminal.h"

namespace bertrt::cli {
namespace {

constexpr int kFailed = 1;
constexpr int kBadUsage = 2;

/// Whether the command that was given has an option of this name.
bool has_option(const CLI::App& app, const char* name) {
  const auto commands = app.get_subcommands();
  return !commands.empty() && commands.front()->get_option_no_throw(name) != nullptr;
}

/// Whether the trouble is in a file of a folder: then it is known what the model is.
bool names_file_of_folder(const Error& error) {
  return error.where().find(".json") != std::string::npos || error.where().find(".txt") != std::string::npos ||
         error.where().find(".safetensors") != std::string::npos || error.where().find(".bin") != std::string::npos;
}

/// What a user can do about it; empty where the message says it all.
std::string_view advice(const Error& error, const CLI::App& app) {
  switch (error.code()) {
    case ErrorCode::input_too_long:
      return has_option(app, "--truncation") ? "shorten the text, or give --truncation longest_first"
                                             : "shorten the text";
    case ErrorCode::missing_mask_token: return "put the mask token where the word is to be guessed";
    case ErrorCode::file_not_found: return "check the path (--model, --tokenizer, or the variable BERTRT_MODEL)";
    case ErrorCode::invalid_format:
      if (names_file_of_folder(error)) return "";
      return "a model is a TorchScript .pt file as torch.jit.save or models/export.py writes it, or a checkpoint "
             "folder";
    case ErrorCode::unsafe_model:
      return "--trust checked lets libtorch run a file whose operators are all known; full, any that you vouch for";
    default: return "";
  }
}

/// The message, with what the library calls an option under the name that the command has for it.
std::string in_own_words(const Error& error, const CLI::App& app) {
  constexpr std::string_view kOptions = "Options::";
  const auto is_name = [](char c) { return (c >= 'a' && c <= 'z') || c == '_' || c == '.'; };
  const auto flag_of = [&](std::string_view name) {
    std::string flag = "--" + std::string(name.substr(name.rfind('.') + 1));
    if (name == "hypothesis_template") flag = "--template";
    if (name == "prompt_name") flag = "--prompt";
    std::replace(flag.begin(), flag.end(), '_', '-');
    return has_option(app, flag.c_str()) ? flag : std::string();
  };
  std::string message = error.what();
  // The tokenizer's options stand there by their names alone.
  const std::string& where = error.where();
  const std::string flag = std::all_of(where.begin(), where.end(), is_name) ? flag_of(where) : "";
  if (!flag.empty() && message.starts_with(where + ':')) message.replace(0, where.size(), flag);
  for (std::size_t at = message.find(kOptions); at != std::string::npos; at = message.find(kOptions, at + 1)) {
    std::size_t begin = at;
    while (begin > 0 && std::isalpha(static_cast<unsigned char>(message[begin - 1])) != 0) --begin;
    std::size_t end = at + kOptions.size();
    while (end < message.size() && is_name(message[end])) ++end;
    const std::string own = flag_of(std::string_view(message).substr(at + kOptions.size(), end - at - kOptions.size()));
    if (own.empty()) continue;
    message.replace(begin, end - begin, own);
    at = begin;
  }
  return message;
}

/// One line that does a terminal no harm, whatever the text holds.
void print_error(std::string message, std::string_view hint = {}) {
  std::replace(message.begin(), message.end(), '\n', ' ');
  if (!hint.empty()) message.append("; ").append(hint);
  std::fflush(stdout);
  std::fprintf(stderr, "bertrt: %s\n", printable(message).c_str());
}

/// Help and version; they may go to a full disk as well.
int print_information(const CLI::App& app, const CLI::ParseError& error) {
  std::ostringstream out;
  app.exit(error, out, out);
  write_stdout(out.str());
  return 0;
}

const CLI::Option* value_option(const CLI::App& command, const std::string& name) {
  const CLI::Option* option = name.starts_with('-') ? command.get_option_no_throw(name) : nullptr;
  return option != nullptr && option->get_items_expected_max() > 0 ? option : nullptr;
}

/// "--name=" with nothing behind it: the parser would take the next argument for the value.
void refuse_empty_values(const CLI::App& app, int argc, char** argv) {
  const auto commands =
      app.get_subcommands([&](const CLI::App* one) { return argc > 1 && one->get_name() == argv[1]; });
  if (commands.empty()) return;
  for (int i = 2; i < argc && std::string_view(argv[i]) != "--"; ++i) {
    std::string name = argv[i];
    if (name.find('=') + 1 != name.size()) continue;
    name.pop_back();
    const bool is_value = value_option(*commands.front(), argv[i - 1]) != nullptr;
    if (!is_value && value_option(*commands.front(), name) != nullptr) {
      throw UsageError(name + ": expected a value, found an empty one");
    }
  }
}

int run(int argc, char** argv) {
  CLI::App app{"BERT-family models: embeddings, ranks, labels, entities, answers, masked words, hidden states."};
  app.name("bertrt");
  app.set_version_flag("--version", std::string(version()));
  app.require_subcommand(1);
  app.footer("Text comes as arguments, or one input a line on standard input.");
  add_fill_mask(app);
  add_tokenize(app);
  add_encode(app);
  add_embed(app);
  add_run(app);
  add_classify(app);
  add_zero_shot(app);
  add_rerank(app);
  add_ner(app);
  add_qa(app);
  add_next_sentence(app);
  add_inspect(app);
  add_verify(app);
  add_bench(app);
  add_man_page(app);
  try {
    refuse_empty_values(app, argc, argv);
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return print_information(app, error);
    const bool unknown_command = app.get_subcommands().empty() && argc > 1 && argv[1][0] != '-';
    print_error(unknown_command ? "there is no command " + std::string(argv[1]) : error.what(),
                "see bertrt --help, or bertrt COMMAND --help");
    return kBadUsage;
  } catch (const UsageError& error) {
    print_error(error.what());
    return kBadUsage;
  } catch (const CheckFailed&) {
    return kFailed;
  } catch (const OutputLost& error) {
    print_error(error.what());
    return kFailed;
  } catch (const Error& error) {
    print_error(in_own_words(error, app), advice(error, app));
    const bool failed = error.code() == ErrorCode::runtime || error.code() == ErrorCode::out_of_resources;
    return failed ? kFailed : kBadUsage;
  }
  return 0;
}

}  // namespace
}  // namespace bertrt::cli

int main(int argc, char** argv) {
  try {
    bertrt::cli::hold_standard_streams();
    if (argc > 0) bertrt::cli::called_as(argv[0]);
    return bertrt::cli::run(argc, argv);
  } catch (const std::bad_alloc&) {
    bertrt::cli::print_error("the memory ran out");
    return bertrt::cli::kFailed;
  } catch (const std::exception& error) {
    bertrt::cli::print_error(error.what());
    return bertrt::cli::kFailed;
  }
}
