/* SPDX-License-Identifier: MIT */
/*
 * An offset that is not in the log: retention has overtaken the group, or the log has been made anew. Never
 * silent: a line tells the offset, the log's two ends and what is done.
 */
#include "kafka/source.h"

#include "base/alloc.h"

struct esm__range {
    struct esm__job job;
    struct esm__source *source;
    struct esm__part *part; /* NULL: it is gone */
    rd_kafka_t *client;
    int32_t number;
    int64_t low, high;
    rd_kafka_resp_err_t error;
};

static void run(struct esm__job *job)
{
    struct esm__range *range = (struct esm__range *)job;
    range->error = rd_kafka_query_watermark_offsets(range->client, range->source->settings.topic,
                                                    range->number, &range->low, &range->high, ESM__ASK_MS);
}

static void stop(struct esm__part *part, const struct esm__range *range)
{
    struct esm__source *source = part->source;
    esm__kafka_log(
        source->poller, ESM_LOG_ERROR,
        "%s-%d: offset %lld is out of range, the log is from %lld to %lld: stops, as offset_out_of_range "
        "says",
        source->settings.topic, (int)part->number, (long long)part->lost_offset, (long long)range->low,
        (long long)range->high);
    esm_poller_fail(source->poller, ESM_ERR_NOT_FOUND, "an offset is out of range");
}

static void go_on(struct esm__part *part, const struct esm__range *range)
{
    struct esm__source *source = part->source;
    int is_latest = source->settings.offset_out_of_range == ESM__OUT_OF_RANGE_LATEST;
    int64_t target = is_latest ? range->high : range->low;
    if (esm__part_restart(part, target) != 0)
        return; /* asked again later */
    esm__kafka_log(source->poller, ESM_LOG_WARNING,
                   "%s-%d: offset %lld is out of range, the log is from %lld to %lld: goes on at %lld",
                   source->settings.topic, (int)part->number, (long long)part->lost_offset,
                   (long long)range->low, (long long)range->high, (long long)target);
    if (target >= part->next_offset && esm_partition_skip_to(part->handle, target) == 0) {
        part->next_offset = target;
        part->is_lost = 0;
    } else { /* a partition never goes back: it ends and begins anew */
        part->come_back = target;
        esm__part_remove(part, 0);
    }
}

static void answered(struct esm__job *job)
{
    struct esm__range *range = (struct esm__range *)job;
    struct esm__source *source = range->source;
    struct esm__part *part = range->part;
    if (part != NULL) {
        part->range = NULL;
        if (range->error)
            esm__kafka_log(source->poller, ESM_LOG_WARNING, "%s-%d: asking for the ends of the log: %s",
                           source->settings.topic, (int)part->number, rd_kafka_err2str(range->error));
        else if (part->handle == NULL || part->is_leaving || source->state != ESM__SOURCE_CONSUMING)
            ;
        else if (source->settings.offset_out_of_range == ESM__OUT_OF_RANGE_STOP)
            stop(part, range);
        else
            go_on(part, range);
    }
    esm__free(source->allocator, range);
}

void esm__range_step(struct esm__part *part)
{
    struct esm__source *source = part->source;
    if (!part->is_lost || part->range != NULL || part->come_back >= 0 || part->is_leaving ||
        part->handle == NULL)
        return;
    struct esm__range *range = esm__calloc(source->allocator, 1, sizeof(*range));
    if (range == NULL)
        return; /* the timer comes back to it */
    range->job.run = run;
    range->job.done = answered;
    range->source = source;
    range->part = part;
    range->client = source->client;
    range->number = part->number;
    part->range = range;
    esm__helper_submit(&source->helper, &range->job);
}

void esm__range_lost(struct esm__part *part, int64_t offset)
{
    part->is_lost = 1;
    part->lost_offset = offset;
    esm__range_step(part);
}

void esm__range_forget(struct esm__part *part)
{
    if (part->range != NULL)
        part->range->part = NULL;
}
