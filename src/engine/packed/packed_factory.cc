#include "engine/packed/packed_factory.h"

#include "engine/packed/packed_engine.h"

namespace bertrt::engine::packed {

std::string PackedFactory::identity(DType dtype) const { return packed_engine_identity(dtype); }

void PackedFactory::check(const EngineSource& source) const { check_packable(*source.file); }

std::unique_ptr<const Engine> PackedFactory::make(const EngineSource& source) const {
  return make_packed_engine(source.file, source.options);
}

}  // namespace bertrt::engine::packed
