/* SPDX-License-Identifier: MIT */
#include "record/view.h"

#include <string.h>

int esm__record_compare_partition(const esm_record *record, const char *topic, int32_t partition)
{
    int order = record->topic == topic ? 0 : strcmp(record->topic, topic);
    if (order == 0)
        order = (record->partition > partition) - (record->partition < partition);
    return (order > 0) - (order < 0);
}

static int compare(const esm_record *a, const char *topic, int32_t partition, int64_t offset)
{
    int order = esm__record_compare_partition(a, topic, partition);
    return order != 0 ? order : (a->offset > offset) - (a->offset < offset);
}

static int is_less(const esm_record *records, uint32_t a, uint32_t b)
{
    return compare(&records[a], records[b].topic, records[b].partition, records[b].offset) < 0;
}

int esm__slice_is_sorted(const struct esm__slice *slice)
{
    for (size_t i = 1; i < slice->count; i++)
        if (!is_less(slice->records, slice->indexes[i - 1], slice->indexes[i]))
            return 0;
    return 1;
}

static void sift_down(const esm_record *records, uint32_t *heap, size_t root, size_t count)
{
    uint32_t moved = heap[root];
    for (size_t child; (child = 2 * root + 1) < count; root = child) {
        if (child + 1 < count && is_less(records, heap[child], heap[child + 1]))
            child++;
        if (!is_less(records, moved, heap[child]))
            break;
        heap[root] = heap[child];
    }
    heap[root] = moved;
}

/* Heap sort: no memory, no bad case. */
void esm__slice_sort(const esm_record *records, uint32_t *indexes, size_t count)
{
    struct esm__slice slice = {records, indexes, count};
    if (esm__slice_is_sorted(&slice))
        return;
    for (size_t root = count / 2; root-- > 0;)
        sift_down(records, indexes, root, count);
    for (size_t last = count; last-- > 1;) {
        uint32_t greatest = indexes[0];
        indexes[0] = indexes[last];
        indexes[last] = greatest;
        sift_down(records, indexes, 0, last);
    }
}

size_t esm__slice_run_end(const struct esm__slice *slice, size_t first)
{
    const esm_record *record = esm__slice_get(slice, first);
    size_t end = first + 1;
    while (end < slice->count &&
           esm__record_compare_partition(esm__slice_get(slice, end), record->topic, record->partition) == 0)
        end++;
    return end;
}

size_t esm__slice_find(const struct esm__slice *slice, const char *topic, int32_t partition, int64_t offset)
{
    size_t low = 0;
    size_t high = slice->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare(esm__slice_get(slice, middle), topic, partition, offset);
        if (order == 0)
            return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return slice->count;
}
