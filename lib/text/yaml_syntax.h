/* yaml_syntax.h: what can be wrong with a YAML text before it is a tree, said in our own sentences.
 *
 * Used by yaml_tree.c only; no other file includes libyaml's header. Builds nothing. */
#ifndef MSIM_TEXT_YAML_SYNTAX_H
#define MSIM_TEXT_YAML_SYNTAX_H

#include <mailsim/base.h>

#include <yaml.h>

/* Takes a UTF-8 byte order mark off *text, then looks for what can never be YAML: UTF-16, bytes that are not UTF-8,
 * zero bytes and other controls. 0, or MSIM_ERR_SYNTAX with diag filled. */
int msim__yaml_check_bytes(struct msim_slice *text, const char *file, struct msim_diag *diag);

/* Turns the parser's error into a sentence with its place. text is what the parser was given. */
void msim__yaml_explain(const yaml_parser_t *parser, struct msim_slice text, const char *file, struct msim_diag *diag);

#endif
