#include "hub/engine/engine.h"
