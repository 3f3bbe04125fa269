#pragma once

#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "graph/value.h"

namespace bertrt::graph {

/// Arguments written as text, made with random numbers:
///
///   f[2,3]        a float32 tensor; d float64, l int64, i int32, h int16, c int8, u uint8, b bool
///   f[2,3]:t      … whose last two axes are swapped in memory; :s every second of a larger one; :e expanded along its
///                 first axis (stride 0); :o at an offset; :p its first and last axis swapped;
///                 :h its last but one and the axis before (heads of tokens)
///   f[2,3]~n      … with NaN and infinities in it; ~z with zeros; ~p above 0; ~m 0 or 1; ~k5 whole numbers from 0 to
///   4;
///                 ~x smallest and largest numbers; ~q 0.05 to 0.8, ~y -0.75 to 0.75
///   l{3,2}        the int64 tensor of these numbers
///   w2 w0.5       a 0-d tensor that promotes as a Python number (CONSTANTS.cN)
///   2 0.5 True None 'text' device [1,2] [f[2],None]
///   name=…        by keyword
std::vector<std::pair<std::string, Value>> random_arguments(std::string_view text, std::mt19937& random);

}  // namespace bertrt::graph
