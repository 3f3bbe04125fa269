#pragma once

#include "bertrt/inspect.h"
#include "model/model_file.h"

namespace bertrt::model {

/// What a file says of itself: everything of a ModelReport but how it would be run (outputs, engine, not_explained).
ModelReport report_of(const ModelFile& file);

}  // namespace bertrt::model
