/* yaml_flow.h: a YAML tree in one line, as people write it: {id: cut, down: {link: uplink}, at: 1s}. */
#ifndef MSIM_TEXT_YAML_FLOW_H
#define MSIM_TEXT_YAML_FLOW_H

#include "text/yaml_node.h"

/* Terminated, at most out_bytes with its end; what does not fit is cut and ends in "...". With bare the braces of the
 * outermost map are left out. */
void msim__yaml_flow(char *out, size_t out_bytes, const struct msim__yaml_node *node, bool bare);

#endif
