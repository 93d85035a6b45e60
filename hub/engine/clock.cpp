#include "hub/engine/clock.h"
