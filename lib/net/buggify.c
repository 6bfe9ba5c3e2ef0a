/* buggify.c: the names of the sites; see buggify.h. */
#include "net/buggify.h"

const struct msim__site_info msim__sites[MSIM__SITES] = {
#define ROW(c_name, name, summary) {name, summary},
    MSIM__SITE_MAP(ROW)
#undef ROW
};
