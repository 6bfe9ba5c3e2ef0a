/* http_fields.h: the fields of an HTTP message and the grammar that their values share (RFC 9110 5, RFC 9112 5).
 *
 * Strict, for requests and responses alike: no obs-fold, no space before a colon, no control characters. Knows single
 * fields only as far as framing and caching need it; does not find where a head ends (http_head.h). */
#ifndef MSIM_PROTO_HTTP_FIELDS_H
#define MSIM_PROTO_HTTP_FIELDS_H

#include <mailsim/base.h>

#define MSIM__HTTP_FIELD_COUNT_MAX 100u /* of one message */

struct msim__http_field {
  struct msim_slice name, value; /* value without white space around it */
};

/* fields: whole lines, each with its CRLF, as struct msim__http_head has them. Start with *at 0. 1: *out is the next
 * field. 0: the end. MSIM_ERR_SYNTAX: a line is no field (cannot happen behind http_head.h). */
int msim__http_field_next(struct msim_slice fields, size_t *at, struct msim__http_field *out);

/* The nth (from 0) field of that name, without regard to case. 1 found, 0 not there. */
int msim__http_field_find(struct msim_slice fields, const char *name, unsigned nth, struct msim_slice *value);

/* One or more characters of a token (RFC 9110 5.6.2). */
bool msim__http_is_token(struct msim_slice text);

/* A value may stand in a field: no control characters but tab (RFC 9110 5.5). */
bool msim__http_is_value(struct msim_slice text);

/* uri-host [":" port], as in Host (RFC 9110 7.2): a name, an IPv4 address or an IPv6 address in brackets. Empty is
 * valid there. */
bool msim__http_is_host(struct msim_slice text);

/* The items of a list between commas, without empty ones (RFC 9110 5.6.1); commas inside quotes do not count. Start
 * with *at 0. 1: *item is the next one; 0: the end. */
int msim__http_list_next(struct msim_slice value, size_t *at, struct msim_slice *item);

/* Whether one of the fields of that name lists the token, without regard to case. */
bool msim__http_list_has(struct msim_slice fields, const char *name, const char *token);

/* Whether If-None-Match names the entity tag, by the weak comparison (RFC 9110 8.8.3.2, 13.1.2), or is "*". etag with
 * its quotes. */
bool msim__http_etag_matches(struct msim_slice if_none_match, struct msim_slice etag);

#endif
