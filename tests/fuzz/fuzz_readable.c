/* fuzz_readable.c: any bytes as a mail, read as a person would. Text, names and types come out whatever it is, twice
 * the same; what is put into a page of it holds nothing that could end its place; names lead nowhere. */
#include "fuzz.h"
#include "mail/readable.h"
#include "text/html_out.h"
#include "text/html_text.h"
#include "text/utf8.h"

#define TEXT_BYTES_MAX ((size_t)16 << 20)

static void check_html(struct msim__mem *mem, struct msim_slice text)
{
  struct msim__buf html;
  size_t i, n;
  uint32_t code;

  msim__buf_init(&html, mem, TEXT_BYTES_MAX);
  FUZZ_CHECK(msim__html_put(&html, text) == MSIM_OK);
  for (i = 0; i < html.size_bytes; i += n) {
    n = msim__utf8_next((const uint8_t *)html.data + i, html.size_bytes - i, &code);
    FUZZ_CHECK(n > 0 && code != '<' && code != '>' && code != '"' && code != '\'');
    FUZZ_CHECK(code == '\n' || code == '\t' || msim__utf8_printable(code));
  }
  msim__buf_release(&html);
}

static void check_field(struct msim__mem *mem, struct msim_slice mail, const char *name)
{
  struct msim__buf value;
  size_t i;

  msim__buf_init(&value, mem, TEXT_BYTES_MAX);
  FUZZ_CHECK(msim__readable_field(&value, mail, name) >= 0);
  for (i = 0; i < value.size_bytes; i++)
    FUZZ_CHECK((uint8_t)value.data[i] >= ' ' && value.data[i] != 0x7f);
  msim__buf_release(&value);
}

static void check_parts(struct msim__mem *mem, const struct msim__imap_parts *parts)
{
  char name[MSIM__READABLE_NAME_BYTES], type[MSIM__READABLE_TYPE_BYTES];
  struct msim__buf content;
  size_t i;

  for (i = 0; i < parts->count; i++) {
    msim__readable_name(parts, i, name);
    FUZZ_CHECK(name[0] != '\0' && name[0] != '.' && strpbrk(name, "/\\\"<>:\r\n") == NULL);
    msim__readable_type(parts, i, type);
    FUZZ_CHECK(strchr(type, '/') != NULL && strpbrk(type, " \r\n;,\"") == NULL);
    msim__buf_init(&content, mem, TEXT_BYTES_MAX);
    FUZZ_CHECK(msim__readable_content(&content, parts, i) == MSIM_OK);
    FUZZ_CHECK(content.size_bytes <= parts->parts[i].body_bytes + 1);
    msim__buf_release(&content);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
  struct msim_slice mail = {fuzz_copy(fuzz_slice_of(data, size_bytes)), size_bytes};
  enum msim__readable_role *roles;
  struct msim__imap_parts parts;
  struct msim__buf text, again;
  struct msim__mem mem;

  msim__mem_init(&mem, NULL);
  FUZZ_CHECK(msim__imap_parts_find(&parts, &mem, mail) == MSIM_OK);
  roles = calloc(parts.count, sizeof *roles);
  FUZZ_CHECK(roles != NULL);
  msim__buf_init(&text, &mem, TEXT_BYTES_MAX);
  msim__buf_init(&again, &mem, TEXT_BYTES_MAX);
  FUZZ_CHECK(msim__readable_text(&text, &parts, roles) == MSIM_OK);
  FUZZ_CHECK(msim__readable_text(&again, &parts, roles) == MSIM_OK);
  FUZZ_CHECK(fuzz_same(fuzz_slice_of((const uint8_t *)text.data, text.size_bytes),
                       fuzz_slice_of((const uint8_t *)again.data, again.size_bytes)));
  check_html(&mem, fuzz_slice_of((const uint8_t *)text.data, text.size_bytes));
  check_html(&mem, mail);
  check_field(&mem, mail, "Subject");
  check_field(&mem, mail, "From");
  check_parts(&mem, &parts);
  msim__buf_clear(&again);
  FUZZ_CHECK(msim__html_to_text(&again, mail) == MSIM_OK);
  msim__buf_release(&text);
  msim__buf_release(&again);
  free(roles);
  msim__imap_parts_release(&parts, &mem);
  FUZZ_CHECK(mem.block_count == 0);
  free((void *)(uintptr_t)mail.data);
  return 0;
}
