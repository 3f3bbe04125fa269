# The ladder of docs/architecture.md, held against the includes: cmake -DROOT= -P ladder.cmake
cmake_minimum_required(VERSION 3.22)
set(base base)
set(text text ${base})
set(tokenizer tokenizer ${text})
set(archive archive ${base})
set(kernels kernels ${base})
set(graph graph ${archive})
set(model model ${archive})
set(family family ${graph} ${model})
set(batch batch ${base})
set(engine engine ${batch} ${family} ${kernels})
set(proof proof ${engine})
set(session session ${proof} ${tokenizer})
set(serving serving ${session})
set(tasks tasks ${serving})

set(layers base text tokenizer archive kernels graph model family batch engine proof session serving tasks)
list(JOIN layers "|" any_layer)

# Public headers that belong to a layer: whoever stands below it must not use them. The others are plain values.
set(owner_tokenizer tokenizer)
set(owner_inspect model)
set(owner_verify session)
set(owner_fill_mask tasks)
set(owner_classifier tasks)
set(owner_multiple_choice tasks)
set(owner_next_sentence tasks)
set(owner_question_answering tasks)
set(owner_reranker tasks)
set(owner_task_types tasks)
set(owner_token_classifier tasks)
set(owner_zero_shot tasks)

set(wrong "")
foreach(layer IN LISTS layers)
  file(GLOB_RECURSE files "${ROOT}/src/${layer}/*.h" "${ROOT}/src/${layer}/*.cc" "${ROOT}/src/${layer}/*.inc")
  foreach(file IN LISTS files)
    file(STRINGS "${file}" lines REGEX "^ *#include \"[a-z_]+/")
    foreach(line IN LISTS lines)
      string(REGEX REPLACE "^ *#include \"([a-z_]+)/([a-z_0-9]*).*" "\\1;\\2" used "${line}")
      list(GET used 1 header)
      list(GET used 0 used)
      if(used STREQUAL "bertrt" AND DEFINED owner_${header})
        set(used ${owner_${header}})
      endif()
      if(used IN_LIST layers AND NOT used IN_LIST ${layer})
        string(APPEND wrong "${file}: ${line}: ${layer} stands below ${used} or beside it\n")
      endif()
    endforeach()
  endforeach()
endforeach()

# Reports of lines that match `pattern` in the files that are left over of a glob.
function(must_not_have pattern why except)
  file(GLOB_RECURSE files ${ARGN})
  foreach(file IN LISTS files)
    if(NOT except STREQUAL "" AND file MATCHES "${except}")
      continue()
    endif()
    file(STRINGS "${file}" lines REGEX "${pattern}")
    if(lines)
      set(wrong "${wrong}${file}: ${lines}: ${why}\n" PARENT_SCOPE)
      set(wrong "${wrong}${file}: ${lines}: ${why}\n")
    endif()
  endforeach()
endfunction()

must_not_have("#include *[<\"](torch|ATen|c10|caffe2)/" "libtorch is included under src/engine/torchscript alone"
  "/src/engine/torchscript/" "${ROOT}/include/*.h" "${ROOT}/src/*.h" "${ROOT}/src/*.cc" "${ROOT}/examples/*.cc")
# It would be the module's own copy, with a state that nobody sets; engine/torchscript/host.h has the library's.
must_not_have("#include \"(base/warnings|bertrt/runtime)\\.h\"" "a module asks its host" ""
  "${ROOT}/src/engine/torchscript/*.h" "${ROOT}/src/engine/torchscript/*.cc")
must_not_have("#include \"engine/(packed|graph)/" "an engine knows no other" ""
  "${ROOT}/src/engine/torchscript/*.h" "${ROOT}/src/engine/torchscript/*.cc")
must_not_have("#include \"engine/torchscript/" "an engine that is a module is known by its factory" ""
  "${ROOT}/src/engine/packed/*.*" "${ROOT}/src/engine/graph/*.*" "${ROOT}/src/proof/*.*" "${ROOT}/src/session/*.*"
  "${ROOT}/src/serving/*.*" "${ROOT}/src/tasks/*.*")
must_not_have("#include \"(${any_layer})/" "the command line uses the public headers alone" ""
  "${ROOT}/examples/*.cc" "${ROOT}/examples/*.h")
must_not_have("#include (<[a-z_]+[./]|\"([^b]|b[^e]))" "a public header needs the standard library and its like alone" ""
  "${ROOT}/include/*.h")

if(wrong)
  message(FATAL_ERROR "${wrong}")
endif()
