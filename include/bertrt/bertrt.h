#pragma once

// Everything. Each header also stands alone.
#include "bertrt/encoding.h"
#include "bertrt/error.h"
#include "bertrt/fill_mask.h"
#include "bertrt/inspect.h"
#include "bertrt/options.h"
#include "bertrt/output.h"
#include "bertrt/parse.h"
#include "bertrt/runtime.h"
#include "bertrt/session.h"
#include "bertrt/tokenizer.h"
#include "bertrt/verify.h"
#include "bertrt/version.h"
