#include "oci-spec/validate.h"
