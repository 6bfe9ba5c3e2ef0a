/* fail_mem.h: a memory hook for tests: fails where told, counts what is held, catches wrong sizes.
 *
 * Every resize moves the block, so that a pointer kept across it is a fault under the address sanitizer.
 * Does not hook the C library: what libyaml and cmocka allocate is not seen. */
#ifndef MSIM_TEST_FAIL_MEM_H
#define MSIM_TEST_FAIL_MEM_H

#include <mailsim/base.h>

struct fail_mem {
  struct msim_mem hook;   /* hand out &f.hook; f must outlive all blocks */
  uint64_t request_count; /* requests for memory so far (new blocks and resizes, not frees) */
  uint64_t fail_at;       /* this request fails, counted from 1; 0: none does */
  bool fail_onwards;      /* also every later one */
  uint64_t failed_count;  /* requests that were refused */
  size_t held_bytes, peak_bytes;
  uint64_t block_count;      /* blocks held now */
  uint64_t wrong_size_count; /* frees and resizes that told a size other than the true one */
};

/* fail_at 0: never fails. */
void fail_mem_init(struct fail_mem *f, uint64_t fail_at);

/* Nothing held, and every size told was right. */
bool fail_mem_clean(const struct fail_mem *f);

#endif
