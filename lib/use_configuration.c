/* SPDX-License-Identifier: MIT */
/* The one place that knows all rooms: it furnishes a poller as its configuration says. */
#include <esm/esm.h>

#include "poller/inside.h"
#if ESM_HAVE_KAFKA
#include <esm/kafka.h>
#endif
#if ESM_HAVE_AWS
#include <esm/aws.h>
#endif

static int not_served(esm_poller *poller, const char *what)
{
    esm__poller_log(poller, ESM_LOG_ERROR, "%s", what);
    return ESM_ERR_UNSUPPORTED;
}

static int use_source(esm_poller *poller)
{
#if ESM_HAVE_KAFKA
    return esm_poller_use_kafka(poller);
#else
    return not_served(poller, "this build of libesm has no Kafka consumer");
#endif
}

static int use_function(esm_poller *poller)
{
#if ESM_HAVE_AWS
    return esm_poller_use_lambda(poller);
#else
    return not_served(poller, "this build of libesm cannot call functions over HTTP");
#endif
}

static int use_destination(esm_poller *poller)
{
    switch (poller->settings.destination_kind) {
    case ESM__DESTINATION_NONE: return 0;
#if ESM_HAVE_KAFKA
    case ESM__DESTINATION_KAFKA: return esm_poller_use_kafka_destination(poller);
#endif
    default:
        return not_served(poller, "DestinationConfig.OnFailure.Destination: this version or build delivers only to "
                                  "kafka:// topics, or to a callback of the program");
    }
}

int esm_poller_use_configuration(esm_poller *poller)
{
    if (poller == NULL)
        return ESM_ERR_INVALID_ARGUMENT;
    int error = use_source(poller);
    if (error == 0)
        error = use_function(poller);
    if (error == 0)
        error = use_destination(poller);
    return error;
}
