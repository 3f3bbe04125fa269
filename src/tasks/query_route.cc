#include <utility>

#include "bertrt/error.h"
#include "tasks/sparse_embedder_impl.h"

namespace bertrt::tasks {
namespace {

// Python's encode_query() goes another way than encode() and encode_document(); here the prompt's name says which.
class QueryRoute final : public SparseEmbedderImpl {
 public:
  QueryRoute(std::shared_ptr<const SparseEmbedderImpl> query, std::shared_ptr<const SparseEmbedderImpl> document)
      : SparseEmbedderImpl(document->text(), document->why() + "; queries: " + query->why(), document->vocabulary()),
        query_(std::move(query)),
        document_(std::move(document)) {}

  std::vector<SparseVector> embed(std::span<const std::string_view> texts, std::string_view prompt,
                                  const SparseEmbedOptions& options) const override {
    return (options.prompt_name == "query" ? query_ : document_)->embed(texts, prompt, options);
  }

 private:
  std::shared_ptr<const SparseEmbedderImpl> query_;
  std::shared_ptr<const SparseEmbedderImpl> document_;
};

}  // namespace

std::shared_ptr<const SparseEmbedderImpl> with_query_route(std::shared_ptr<const SparseEmbedderImpl> query,
                                                           std::shared_ptr<const SparseEmbedderImpl> document) {
  if (query->vocabulary() != document->vocabulary()) {
    throw Error(ErrorCode::model_mismatch, "SparseEmbedder, router_config.json",
                "queries of " + std::to_string(document->vocabulary()) + " columns, as documents have",
                std::to_string(query->vocabulary()));
  }
  return std::make_shared<const QueryRoute>(std::move(query), std::move(document));
}

}  // namespace bertrt::tasks
