// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

#pragma once

#include <stddef.h>
#include <stdint.h>

/// libFuzzer's own main, which calls `test` with one input after the other (LLVM's FuzzerInterface).
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*test)(const uint8_t *data, size_t size));
