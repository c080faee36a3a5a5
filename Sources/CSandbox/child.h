// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

// The state of the child between clone3 and execve.

#pragma once

#include "csandbox.h"

/// The child's standard descriptors are 0 to 2; these two follow, and nothing else is open at first.
enum { REPORT = 3, LIFELINE = 4, FIRST_FREE = 5 };

struct child {
    const struct mf_plan *plan;
    const struct mf_operation *operation;
    int detail;
    int slots[MF_SLOTS];
};

/// Carries out MF_TERMINAL.
int mf_make_terminal(const struct mf_operation *operation);

/// Carries out one operation; -1 with errno and the child's detail set on failure. Async-signal-safe.
int mf_carry_out(struct child *child, const struct mf_operation *operation);
