#include "hub/core/codec.h"
