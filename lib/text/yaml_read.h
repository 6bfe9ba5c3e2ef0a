/* yaml_read.h: scalars of a YAML tree as values of a type, with a sentence for those that do not fit.
 *
 * Each function: 0, or MSIM_ERR_SYNTAX with diag filled (place and sentence) and *out untouched. what is the name of
 * the key, which begins the sentence; NULL leaves it out. node may not be NULL. Does not look keys up and does not
 * report: the caller hands diag on. */
#ifndef MSIM_TEXT_YAML_READ_H
#define MSIM_TEXT_YAML_READ_H

#include "text/yaml_node.h"

/* Fills diag with a sentence about a node, for findings of the caller's own. */
void msim__yaml_finding(struct msim_diag *diag, const struct msim__yaml_node *node, const char *format, ...)
    MSIM_PRINTF(3, 4);

/* A node that must be a list or a map. */
int msim__yaml_read_kind(const struct msim__yaml_node *node, const char *what, enum msim__yaml_kind kind,
                         struct msim_diag *diag);

/* true or false, plain. The other words of YAML 1.1 (yes, no, on, off, y, n) are refused with advice. */
int msim__yaml_read_bool(const struct msim__yaml_node *node, const char *what, bool *out, struct msim_diag *diag);

/* Decimal digits, plain, min to max (both included). No leading zeros: YAML 1.1 would read them as octal. */
int msim__yaml_read_int(const struct msim__yaml_node *node, const char *what, int64_t min, int64_t max, int64_t *out,
                        struct msim_diag *diag);
int msim__yaml_read_uint(const struct msim__yaml_node *node, const char *what, uint64_t min, uint64_t max,
                         uint64_t *out, struct msim_diag *diag);

/* Any scalar but a missing one; "" must be in quotes. Terminated, without zero bytes inside; lives with the tree. */
int msim__yaml_read_text(const struct msim__yaml_node *node, const char *what, const char **out,
                         struct msim_diag *diag);

/* One of count words; *out is its index. The nearest spelling is offered. */
int msim__yaml_read_word(const struct msim__yaml_node *node, const char *what, const char *const *words, size_t count,
                         size_t *out, struct msim_diag *diag);

/* Quantities with units: see units.h. */
int msim__yaml_read_duration(const struct msim__yaml_node *node, const char *what, msim_ns *out,
                             struct msim_diag *diag);
int msim__yaml_read_size(const struct msim__yaml_node *node, const char *what, uint64_t *out_bytes,
                         struct msim_diag *diag);
int msim__yaml_read_rate(const struct msim__yaml_node *node, const char *what, uint64_t *out_bps,
                         struct msim_diag *diag);
int msim__yaml_read_share(const struct msim__yaml_node *node, const char *what, uint32_t *out_ppm,
                          struct msim_diag *diag);
int msim__yaml_read_queue(const struct msim__yaml_node *node, const char *what, uint64_t *out, bool *in_packets,
                          struct msim_diag *diag);

#endif
