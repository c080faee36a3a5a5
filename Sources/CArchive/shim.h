// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

#pragma once
#include <archive.h>
#include <archive_entry.h>
// Swift's Glibc module leaves extended attributes out.
#include <sys/xattr.h>
