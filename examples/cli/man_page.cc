// `bertrt man` and `bertrt completion SHELL`: written from the parser's own descriptions, so that they cannot say
// anything else than --help does. The build runs them and installs what they write.
#include <memory>
#include <string>
#include <vector>

#include "bertrt/runtime.h"
#include "commands.h"
#include "terminal.h"

namespace bertrt::cli {
namespace {

std::vector<const CLI::App*> commands_of(const CLI::App& app) {
  std::vector<const CLI::App*> shown;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App* one) { return !one->get_group().empty(); })) {
    shown.push_back(command);
  }
  return shown;
}

// Those with a name that begins with a dash: what is given by its place has none.
std::vector<const CLI::Option*> named_options(const CLI::App& app) {
  std::vector<const CLI::Option*> named;
  for (const CLI::Option* option : app.get_options()) {
    if (option->nonpositional()) named.push_back(option);
  }
  return named;
}

// "-m", "--model"
std::vector<std::string> spellings(const CLI::Option& option) {
  std::vector<std::string> names;
  for (const std::string& name : option.get_snames()) names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) names.push_back("--" + name);
  return names;
}

bool takes_value(const CLI::Option& option) { return option.get_items_expected_max() > 0; }

// A dash is a minus, and a line that starts with a dot or a quote is no request.
std::string roff(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '-' || c == '\\') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out.starts_with('.') || out.starts_with('\'') ? "\\&" + out : out;
}

void write_options(const CLI::App& app, std::string& out) {
  for (const CLI::Option* option : named_options(app)) {
    out += ".TP\n";
    std::string names;
    for (const std::string& name : spellings(*option))
      names += (names.empty() ? "\\fB" : ", \\fB") + roff(name) + "\\fR";
    out += names + (takes_value(*option) ? " \\fI" + roff(option->get_type_name()) + "\\fR" : "") + '\n';
    out += roff(option->get_description()) + '\n';
  }
}

std::string man_page(const CLI::App& app) {
  std::string out = ".TH BERTRT 1 \"\" \"bertrt " + std::string(version()) + "\" \"User Commands\"\n";
  out += ".SH NAME\nbertrt \\- " + roff(app.get_description()) + '\n';
  out += ".SH SYNOPSIS\n.B bertrt\n\\fICOMMAND\\fR [\\fIOPTION\\fR]... [\\fITEXT\\fR]...\n";
  out += ".SH DESCRIPTION\n" + roff(app.get_footer()) + '\n';
  out += ".SH OPTIONS\n";
  write_options(app, out);
  out += ".SH COMMANDS\n";
  for (const CLI::App* command : commands_of(app)) {
    out += ".SS " + roff(command->get_name()) + '\n' + roff(command->get_description()) + '\n';
    write_options(*command, out);
  }
  out += ".SH EXIT STATUS\n0 where all went well, 1 for a failure at run time, 2 for bad usage or input.\n";
  out += ".SH ENVIRONMENT\n.TP\n\\fBBERTRT_MODEL\\fR\nThe model where \\-\\-model is not given.\n";
  out += ".TP\n\\fBBERTRT_PROOF_CACHE\\fR\nThe folder of kept proofs where \\-\\-proof\\-cache is not given.\n";
  return out;
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : " ") + word;
  return out;
}

std::string option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : named_options(app)) {
    for (const std::string& name : spellings(*option)) {
      if (name.starts_with("--")) names.push_back(name);
    }
  }
  return joined(names);
}

std::string command_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : commands_of(app)) names.push_back(command->get_name());
  return joined(names);
}

std::string bash_completion(const CLI::App& app) {
  std::string out = "_bertrt() {\n  local word=${COMP_WORDS[COMP_CWORD]} words\n  case ${COMP_WORDS[1]} in\n";
  for (const CLI::App* command : commands_of(app)) {
    out += "    " + command->get_name() + ") words=\"" + option_names(*command) + "\" ;;\n";
  }
  out += "    *) words=\"" + command_names(app) + " " + option_names(app) + "\" ;;\n  esac\n";
  out += "  [ \"$COMP_CWORD\" -gt 1 ] || words=\"" + command_names(app) + " " + option_names(app) + "\"\n";
  out += "  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n}\n";
  return out + "complete -o default -F _bertrt bertrt\n";
}

// In single quotes of a shell, where a colon or a bracket may have a meaning of its own.
std::string quoted(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else if (c == '\n') {
      out += ' ';
    } else {
      if (c == ':' || c == '[' || c == ']') out += '\\';
      out += c;
    }
  }
  return out;
}

std::string zsh_completion(const CLI::App& app) {
  std::string out = "#compdef bertrt\n_bertrt() {\n  if (( CURRENT == 2 )); then\n    local -a commands=(\n";
  for (const CLI::App* command : commands_of(app)) {
    out += "      '" + command->get_name() + ":" + quoted(command->get_description()) + "'\n";
  }
  out += "    )\n    _describe command commands\n    return\n  fi\n  case $words[2] in\n";
  for (const CLI::App* command : commands_of(app)) {
    out += "    " + command->get_name() + ") _arguments";
    for (const CLI::Option* option : named_options(*command)) {
      for (const std::string& name : spellings(*option)) {
        out += " \\\n      '" + name + "[" + quoted(option->get_description()) + "]" +
               (takes_value(*option) ? ":value:_files'" : "'");
      }
    }
    out += " \\\n      '*:text:_files' ;;\n";
  }
  return out + "  esac\n}\n_bertrt \"$@\"\n";
}

std::string fish_completion(const CLI::App& app) {
  const auto fish = [](const std::string& text) {
    std::string out;
    for (const char c : text) out += c == '\'' ? std::string("\\'") : std::string(1, c == '\n' ? ' ' : c);
    return out;
  };
  std::string out;
  for (const CLI::App* command : commands_of(app)) {
    out += "complete -c bertrt -n __fish_use_subcommand -a " + command->get_name() + " -d '" +
           fish(command->get_description()) + "'\n";
    for (const CLI::Option* option : named_options(*command)) {
      out += "complete -c bertrt -n '__fish_seen_subcommand_from " + command->get_name() + "'";
      for (const std::string& name : option->get_snames()) out += " -s " + name;
      for (const std::string& name : option->get_lnames()) out += " -l " + name;
      out += std::string(takes_value(*option) ? " -r" : "") + " -d '" + fish(option->get_description()) + "'\n";
    }
  }
  return out;
}

}  // namespace

void add_man_page(CLI::App& app) {
  CLI::App* man = app.add_subcommand("man", "This program's man page")->group("");
  man->callback([&app] { write_stdout(man_page(app)); });

  CLI::App* completion = app.add_subcommand("completion", "What a shell completes")->group("");
  const auto shell = std::make_shared<std::string>();
  completion->add_option("shell", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  completion->callback([&app, shell] {
    write_stdout(*shell == "bash"  ? bash_completion(app)
                 : *shell == "zsh" ? zsh_completion(app)
                                   : fish_completion(app));
  });
}

}  // namespace bertrt::cli
