#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bertrt/reranker.h"
#include "commands.h"
#include "json.h"
#include "label_output.h"
#include "model_options.h"
#include "option_values.h"
#include "printable.h"
#include "terminal.h"

namespace bertrt::cli {
namespace {

struct Hit {
  std::size_t index = 0;
  float score = 0;
  std::string text;

  /// What it is sorted by: a score that is no number stands last.
  float key() const { return std::isnan(score) ? -std::numeric_limits<float>::infinity() : score; }
};

// Documents as they come in; equals in the order that they came in.
class Ranking {
 public:
  explicit Ranking(std::optional<std::size_t> top_k) : top_k_(top_k) {}

  void add(Hit hit) {
    hits_.push_back(std::move(hit));
    // Sorted now and then, so that only the best texts are held.
    if (top_k_ && hits_.size() >= 2 * *top_k_ + 1024) cut();
  }
  const std::vector<Hit>& cut() {
    std::stable_sort(hits_.begin(), hits_.end(), [](const Hit& a, const Hit& b) { return a.key() > b.key(); });
    if (top_k_ && hits_.size() > *top_k_) hits_.resize(*top_k_);
    return hits_;
  }

 private:
  std::optional<std::size_t> top_k_;
  std::vector<Hit> hits_;
};

struct RerankCommand {
  explicit RerankCommand(CLI::App& command) : queries(command, Pairs::refused, "documents, one a line") {
    add_model_options(command, model);
    command.add_option("-q,--query", query, "What the documents are ranked for")->required();
    command.add_option("-k,--top-k", top_k, "At most so many documents; default: all")->transform(whole_number(1));
    command.add_option("--max-length", options.max_length, "Longest pair in tokens; default: the model's")
        ->transform(whole_number(1));
    CLI::Option* name =
        command.add_option("--prompt", options.prompt_name, "One of the model's prompts by name")->check(not_empty());
    command.add_option("--prompt-text", options.prompt, "A text in front of the query")->excludes(name);
    command.add_flag("--json", json, "One JSON object");
  }

  void run() {
    const Reranker rerank(load_session(model));
    Ranking ranking(top_k);
    answer_texts(queries, [&](std::span<const Query> batch) {
      std::vector<std::string> documents;
      for (const Query& document : batch) {
        documents.push_back(document.text);
      }
      const auto scored = rerank.rank(query, documents, std::nullopt, options);
      std::vector<float> scores(batch.size());
      for (const RankedDocument& document : scored) scores[document.index] = document.score;
      return [&ranking, batch, scores] {
        for (std::size_t i = 0; i < batch.size(); ++i) {
          // By the line, so that a bad one among them moves no other's number. The command's own text is the first.
          const std::size_t index = batch[i].line == 0 ? 0 : batch[i].line - 1;
          ranking.add({index, scores[i], batch[i].text});
        }
      };
    });
    std::string out;
    json ? write_json(ranking.cut(), out) : write(ranking.cut(), out);
    write_stdout(out);
  }

  static void write_json(const std::vector<Hit>& hits, std::string& out) {
    JsonWriter writer(out);
    writer.begin_object().key("results").begin_array();
    for (const Hit& hit : hits) {
      writer.begin_object().key("index").value(hit.index).key("score").value(hit.score);
      writer.key("text").value(hit.text).end_object();
    }
    writer.end_array().end_object();
    out += '\n';
  }

  void write(const std::vector<Hit>& hits, std::string& out) const {
    out += bold(printable(query)) + '\n';
    for (const Hit& hit : hits) {
      out +=
          "  " + short_score(hit.score) + "  " + pad_right(std::to_string(hit.index), 6) + printable(hit.text) + '\n';
    }
  }

  Queries queries;
  ModelOptions model;
  std::string query;
  RerankerOptions options;
  std::optional<std::size_t> top_k;
  bool json = false;
};

}  // namespace

void add_rerank(CLI::App& app) {
  CLI::App* command = app.add_subcommand("rerank", "Documents in the order of how well they answer a query");
  const auto state = std::make_shared<RerankCommand>(*command);
  command->callback([state] { state->run(); });
}

}  // namespace bertrt::cli
