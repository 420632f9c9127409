/* The version of the program. */
#ifndef REFIT_BASE_VERSION_H
#define REFIT_BASE_VERSION_H

#define REFIT_VERSION "0.1.0"

#endif
