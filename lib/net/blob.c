/* blob.c: see blob.h. */
#include "net/blob.h"

#include <string.h>

struct msim_blob *msim__blob_room(struct msim__mem *mem, size_t capacity_bytes)
{
  struct msim_blob *blob;

  if (capacity_bytes > MSIM__BLOB_BYTES_MAX)
    return NULL;
  blob = msim__alloc(mem, sizeof *blob + capacity_bytes);
  if (blob == NULL)
    return NULL;
  blob->mem = mem;
  blob->refs = 1;
  blob->capacity_bytes = (uint32_t)capacity_bytes;
  blob->size_bytes = 0;
  return blob;
}

struct msim_blob *msim_blob_new(struct msim_sim *sim, const void *data, size_t size_bytes)
{
  struct msim_blob *blob = msim__blob_room(&sim->mem, size_bytes);

  if (blob == NULL) {
    msim__sim_fail_nomem(sim);
    return NULL;
  }
  if (data != NULL)
    memcpy(blob->data, data, size_bytes);
  else
    memset(blob->data, 0, size_bytes);
  blob->size_bytes = (uint32_t)size_bytes;
  return blob;
}

struct msim_slice msim_blob_bytes(const struct msim_blob *blob)
{
  struct msim_slice s = {blob->data, blob->size_bytes};

  return s;
}

void msim_blob_ref(struct msim_blob *blob)
{
  blob->refs++;
}

MSIM__HOT void msim_blob_unref(struct msim_blob *blob)
{
  if (blob != NULL && --blob->refs == 0)
    msim__free(blob->mem, blob, sizeof *blob + blob->capacity_bytes);
}

struct msim__label *msim__label_new(struct msim__mem *mem, const char *text)
{
  size_t size = strlen(text);
  struct msim__label *label;

  if (size > MSIM__LABEL_BYTES_MAX)
    size = MSIM__LABEL_BYTES_MAX;
  label = msim__alloc(mem, sizeof *label + size + 1);
  if (label == NULL)
    return NULL;
  label->mem = mem;
  label->refs = 1;
  label->size_bytes = (uint32_t)size;
  memcpy(label->text, text, size);
  label->text[size] = '\0';
  return label;
}

void msim__label_ref(struct msim__label *label)
{
  if (label != NULL)
    label->refs++;
}

void msim__label_unref(struct msim__label *label)
{
  if (label != NULL && --label->refs == 0)
    msim__free(label->mem, label, sizeof *label + label->size_bytes + 1);
}

static size_t units_bytes(uint32_t count)
{
  return sizeof(struct msim__units) + count * sizeof(struct msim__unit);
}

struct msim__units *msim__units_new(struct msim__mem *mem, uint32_t count)
{
  struct msim__units *units;

  if (count > MSIM__UNITS_MAX)
    return NULL;
  units = msim__alloc(mem, units_bytes(count));
  if (units == NULL)
    return NULL;
  memset(units, 0, units_bytes(count));
  units->mem = mem;
  units->refs = 1;
  units->count = count;
  return units;
}

/* What a value needs beside itself. */
static size_t value_extra_bytes(const struct msim_value *value)
{
  size_t i, bytes = 0;

  if (value->kind == MSIM_VALUE_TEXT)
    return value->u.text != NULL ? strlen(value->u.text) + 1 : 0;
  if (value->kind != MSIM_VALUE_LIST)
    return 0;
  for (i = 0; i < value->u.list.count; i++)
    bytes += sizeof(char *) + strlen(value->u.list.items[i]) + 1;
  return bytes;
}

static const char *put_text(char **at, const char *text)
{
  size_t bytes = strlen(text) + 1;
  char *here = *at;

  memcpy(here, text, bytes);
  *at += bytes;
  return here;
}

int msim__unit_set_values(struct msim__units *units, uint32_t index, const struct msim_value *values, size_t count)
{
  struct msim__unit *unit = &units->items[index];
  size_t i, k, bytes = 0, list_count = 0;
  const char **lists;
  char *texts;

  count = count < MSIM_VALUES_MAX ? count : MSIM_VALUES_MAX;
  for (i = 0; i < count; i++) {
    bytes += sizeof *values + value_extra_bytes(&values[i]);
    list_count += values[i].kind == MSIM_VALUE_LIST ? values[i].u.list.count : 0;
  }
  if (count == 0)
    return MSIM_OK;
  unit->values = msim__alloc(units->mem, bytes); /* values, then pointers of lists, then texts: aligned that way */
  if (unit->values == NULL)
    return MSIM_ERR_NOMEM;
  unit->value_count = (uint32_t)count;
  unit->values_bytes = (uint32_t)bytes;
  memcpy(unit->values, values, count * sizeof *values);
  lists = (const char **)(void *)(unit->values + count);
  texts = (char *)(void *)(lists + list_count);
  for (i = 0; i < count; i++) {
    struct msim_value *value = &unit->values[i];

    if (value->kind == MSIM_VALUE_TEXT && value->u.text != NULL) {
      value->u.text = put_text(&texts, values[i].u.text);
    } else if (value->kind == MSIM_VALUE_LIST) {
      value->u.list.items = lists;
      for (k = 0; k < value->u.list.count; k++)
        *lists++ = put_text(&texts, values[i].u.list.items[k]);
    }
  }
  return MSIM_OK;
}

void msim__units_ref(struct msim__units *units)
{
  if (units != NULL)
    units->refs++;
}

void msim__units_unref(struct msim__units *units)
{
  uint32_t i;

  if (units == NULL || --units->refs > 0)
    return;
  for (i = 0; i < units->count; i++) {
    msim__label_unref(units->items[i].message);
    msim__free(units->mem, units->items[i].values, units->items[i].values_bytes);
  }
  msim__free(units->mem, units, units_bytes(units->count));
}
