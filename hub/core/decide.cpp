#include "hub/core/decide.h"
