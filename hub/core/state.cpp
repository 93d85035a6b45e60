#include "hub/core/state.h"
