#include "family/router_modules.h"

#include <algorithm>

#include "archive/byte_reader.h"
#include "base/json.h"
#include "base/plain_text.h"
#include "bertrt/error.h"
#include "family/torch_function.h"

namespace bertrt::family {
namespace {

using Json = nlohmann::json;

constexpr const char* kFile = "router_config.json";
constexpr std::size_t kMaxModules = 64;

[[noreturn]] void refuse(const std::string& where, std::string found) {
  throw Error(ErrorCode::unsupported, where,
              "a route \"document\", which is the default, and a route \"query\" of one SparseStaticEmbedding",
              std::move(found) + "; save the model of a route by itself");
}

}  // namespace

bool plain_path(const std::string& path) {
  return path.find_first_of(std::string_view("/\\:\0", 4)) == std::string::npos && path != "." && path != ".." &&
         path.size() <= 255 && base::problem_of_text(path).empty();
}

Routes read_routes(const ModuleFolder& folder) {
  const std::string where = folder.where(kFile);
  if (!folder.has(kFile)) throw Error(ErrorCode::file_not_found, where, "a Router's routes", "no such file");
  const std::vector<std::byte> bytes = folder.read(kFile);
  const Json config = base::parse_json(archive::as_text(bytes), where);
  const auto object = [&](const char* key) -> const Json& {
    if (!config.is_object() || !config.contains(key) || !config[key].is_object()) {
      throw Error(ErrorCode::invalid_format, where, std::string(key) + " by names", "none");
    }
    return config[key];
  };
  const Json& types = object("types");
  const Json& structure = object("structure");
  const Json& parameters = object("parameters");
  const auto route = [&](const char* name) {
    std::vector<ListedModule> modules;
    if (!structure.contains(name)) refuse(where, std::string("no route \"") + name + '"');
    const Json& list = structure[name];
    if (!list.is_array() || list.empty() || list.size() > kMaxModules) {
      throw Error(ErrorCode::invalid_format, where + ": structure", "lists of 1 to 64 modules", "something else");
    }
    for (const Json& one : list) {
      const std::string path = one.is_string() ? one.get<std::string>() : ".";
      if (!plain_path(path) || !types.contains(path) || !types[path].is_string()) {
        throw Error(ErrorCode::invalid_format, where + ": structure", "folders of this model that have a type",
                    base::printable(one.dump(-1, ' ', true)));
      }
      modules.push_back({types[path].get<std::string>(), path});
    }
    return modules;
  };
  for (const auto& [key, value] : parameters.items()) {
    const bool known = key == "allow_empty_key" || (key == "default_route" && value == "document") ||
                       (key == "route_mappings" && value.empty());
    if (!known) refuse(where, base::printable(key) + ": " + base::printable(value.dump(-1, ' ', true)));
  }
  if (!parameters.contains("default_route")) refuse(where, "no default_route");
  const std::vector<ListedModule> query = route("query");
  if (structure.size() != 2 || query.size() != 1 || last_part(query[0].type) != "SparseStaticEmbedding") {
    refuse(where, structure.size() != 2 ? std::to_string(structure.size()) + " routes"
                                        : "a query's route that begins with " + base::printable(query[0].type));
  }
  return {route("document"), query[0]};
}

}  // namespace bertrt::family
