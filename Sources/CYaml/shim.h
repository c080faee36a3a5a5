// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

#pragma once
#include <yaml.h>
