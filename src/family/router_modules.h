#pragma once

#include <optional>
#include <string>
#include <vector>

#include "family/module_folder.h"

namespace bertrt::family {

/// A module by its class and the folder of its files, as modules.json lists it.
struct ListedModule {
  std::string type;
  std::string path;
};

/// The two ways through a sparse model whose queries need no encoder: a weight for each token that a query has.
struct Routes {
  std::vector<ListedModule> document;  ///< the default one
  ListedModule query;                  ///< a SparseStaticEmbedding
};

/// A folder of the model's own, or "" for the model's folder itself.
bool plain_path(const std::string& path);

/// Reads a Router's router_config.json. @throws Error invalid_format, io; unsupported for other routes than these
Routes read_routes(const ModuleFolder& folder);

}  // namespace bertrt::family
