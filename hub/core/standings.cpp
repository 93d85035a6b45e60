#include "hub/core/standings.h"
