/* SPDX-License-Identifier: MIT */
/* esm-run: runs one event source mapping until it is told to stop. Its manual is docs/esm-run.md. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include <esm/esm.h>

#define TERMINAL_TICK_MS 1000  /* how often the progress line is written anew */
#define PLAIN_TICK_MS    60000 /* without a terminal, a line of its own, if something has moved */
#define TEXT_WIDTH       100   /* of what --help says of an option */

enum exit_code {
    EXIT_IN_ORDER = 0,
    EXIT_FAILED = 1,
    EXIT_REFUSED = 2,
    EXIT_UNSETTLED = 3,
};

struct options {
    const char *mapping;
    char **settings; /* name=value */
    size_t setting_count;
    int check;
    int level; /* an esm_log_level; 0: as the mapping says */
};

/* A poller that runs, with what stops it and what is shown of it. */
struct run {
    esm_poller *poller;
    esm_watch *signals;
    esm_timer *tick;
    enum esm_log_level level;
    sigset_t mask;
    int signal_fd;
    int stops;         /* signals taken */
    int64_t abandoned; /* when the first signal came */
    int64_t started_ms;
    int64_t shown_ms;
    int64_t shown_committed;
    int64_t shown_polled;
    int on_terminal;
    int line_is_open; /* the progress line stands where the next line would begin */
};

/* ---- what is shown ---- */

static void print_version(void)
{
    uint32_t version = esm_version();
    printf("esm-run %u.%u.%u\n", version / 1000000, version / 1000 % 1000, version % 1000);
}

/* A text in lines of a readable width, each begun with spaces. */
static void print_wrapped(const char *text)
{
    while (*text) {
        size_t size = strlen(text);
        if (size > TEXT_WIDTH) {
            for (size = TEXT_WIDTH; size > 0 && text[size] != ' '; size--)
                ;
            if (size == 0)
                size = strcspn(text, " ");
        }
        printf("      %.*s\n", (int)size, text);
        text += size;
        text += strspn(text, " ");
    }
}

static void print_options(void)
{
    const char *name, *fallback, *text;
    puts("\nOptions of a mapping, in its JSON and for --set. kafka.* goes through to librdkafka.");
    for (size_t i = 0; esm_config_describe(i, &name, &fallback, &text) == 0; i++) {
        printf("  %s%s%s\n", name, fallback ? " = " : "", fallback ? fallback : "");
        print_wrapped(text);
    }
}

static void print_help(void)
{
    puts(
        "Usage: esm-run [options] MAPPING.json\n"
        "\n"
        "Runs one event source mapping until SIGINT or SIGTERM. MAPPING.json is what\n"
        "create-event-source-mapping takes or get-event-source-mapping prints; - is the standard input.\n"
        "\n"
        "  --set NAME=VALUE   set an option after the file was read; may be repeated\n"
        "  --check            validate only: print the mapping as it is understood, or its faults\n"
        "  --quiet            show warnings and errors only\n"
        "  --verbose          show every batch\n"
        "  --log-format=text  the form of log lines; text is the only one yet\n"
        "  --help             this text, and every option of a mapping\n"
        "  --version          the version of the library that runs\n"
        "\n"
        "The first signal stops in order: what is out may be answered for stop.drain_ms, what is complete "
        "is\n"
        "committed, and the consumer group is left. The second stops at once, the third kills.\n"
        "\n"
        "Exit codes:\n"
        "  0  stopped in order, everything settled and committed\n"
        "  1  failed at run time; a restart may help\n"
        "  2  bad usage or configuration; a restart does not help\n"
        "  3  stopped with records unsettled; they are read again at the next start");
    print_options();
}

static int usage_fault(const char *what, const char *argument)
{
    fprintf(stderr, "esm-run: %s%s; see esm-run --help\n", what, argument);
    return EXIT_REFUSED;
}

static void print_faults(const esm_config *config, const char *mapping)
{
    size_t count = esm_config_get_fault_count(config);
    fprintf(stderr, "esm-run: %s has %zu fault%s\n", mapping, count, count == 1 ? "" : "s");
    for (size_t i = 0; i < count; i++) {
        const char *option, *reason;
        if (esm_config_get_fault(config, i, &option, &reason) == 0)
            fprintf(stderr, "%s: %s\n", option, reason);
    }
}

static void write_log(void *user_data, enum esm_log_level level, const char *text)
{
    static const char *const names[] = {"", "ERROR", "WARNING", "INFO", "DEBUG"};
    struct run *run = user_data;
    struct timespec now;
    struct tm utc;
    char day[32];
    if (level > run->level)
        return;
    clock_gettime(CLOCK_REALTIME, &now);
    strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", gmtime_r(&now.tv_sec, &utc));
    fprintf(stderr, "%s%s.%03ldZ %-7s %s\n", run->line_is_open ? "\r\033[K" : "", day, now.tv_nsec / 1000000,
            names[level], text);
    run->line_is_open = 0;
}

static int64_t count_of(const struct run *run, enum esm_counter counter)
{
    return esm_poller_get_counter(run->poller, counter);
}

/* The counts in words, "polled 10, committed 8, ...". */
static void describe_counts(const struct run *run, char *text, size_t size)
{
    static const struct {
        enum esm_counter counter;
        const char *name;
    } shown[] = {
        {ESM_COUNTER_POLLED, "polled"},        {ESM_COUNTER_COMMITTED, "committed"},
        {ESM_COUNTER_IN_FLIGHT, "in flight"},  {ESM_COUNTER_INVOCATIONS, "invocations"},
        {ESM_COUNTER_INVOKE_ERRORS, "errors"}, {ESM_COUNTER_THROTTLES, "throttles"},
        {ESM_COUNTER_RETRIES, "retries"},      {ESM_COUNTER_SPLITS, "splits"},
        {ESM_COUNTER_DELIVERED, "delivered"},  {ESM_COUNTER_DROPPED, "dropped"},
        {ESM_COUNTER_ABANDONED, "given back"},
    };
    size_t used = 0;
    for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]) && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%s %" PRId64, i > 0 ? ", " : "", shown[i].name,
                                 count_of(run, shown[i].counter));
}

static int terminal_width(void)
{
    struct winsize size;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

static void show_progress(struct run *run, int64_t now_ms)
{
    char text[512], line[640];
    int64_t polled = count_of(run, ESM_COUNTER_POLLED), committed = count_of(run, ESM_COUNTER_COMMITTED);
    describe_counts(run, text, sizeof(text));
    if (run->on_terminal) {
        int64_t passed_ms = now_ms > run->shown_ms ? now_ms - run->shown_ms : 1;
        snprintf(line, sizeof(line), "%" PRId64 "/s: %s",
                 (committed - run->shown_committed) * 1000 / passed_ms, text);
        fprintf(stderr, "\r\033[K%.*s", terminal_width() - 1,
                line); /* a longer one could not be written over */
        run->line_is_open = 1;
    } else if (committed != run->shown_committed || polled != run->shown_polled) {
        write_log(run, ESM_LOG_INFO, text);
    }
    run->shown_ms = now_ms;
    run->shown_committed = committed;
    run->shown_polled = polled;
}

static void on_tick(void *user_data)
{
    struct run *run = user_data;
    int64_t now_ms = run->shown_ms;
    esm_poller_get_time(run->poller, &now_ms, NULL);
    show_progress(run, now_ms);
    esm_timer_set(run->tick, now_ms + (run->on_terminal ? TERMINAL_TICK_MS : PLAIN_TICK_MS));
}

static void print_summary(struct run *run, enum esm_log_level level, const char *ending, const char *reason)
{
    int64_t now_ms = run->started_ms;
    char counts[512], text[640];
    esm_poller_get_time(run->poller, &now_ms, NULL);
    describe_counts(run, counts, sizeof(counts));
    snprintf(text, sizeof(text), "%s%s after %.1f s: %s", ending, reason,
             (double)(now_ms - run->started_ms) / 1000, counts);
    write_log(run, level, text);
}

/* ---- the mapping ---- */

/* The whole of a file, NUL-terminated; NULL with errno set. */
static char *read_all(FILE *file, size_t *ret_size)
{
    char *text = NULL;
    size_t size = 0, capacity = 0;
    do {
        if (size + 1 >= capacity) {
            char *grown = realloc(text, capacity = capacity ? 2 * capacity : 4096);
            if (!grown) {
                free(text);
                return NULL;
            }
            text = grown;
        }
        size += fread(text + size, 1, capacity - size - 1, file);
    } while (!feof(file) && !ferror(file));
    if (ferror(file)) {
        free(text);
        return NULL;
    }
    text[size] = '\0';
    *ret_size = size;
    return text;
}

static char *read_mapping(const char *path, size_t *ret_size)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
    char *text = file ? read_all(file, ret_size) : NULL;
    if (!text)
        fprintf(stderr, "esm-run: %s: %s\n", path, strerror(errno));
    if (file && file != stdin)
        fclose(file);
    return text;
}

/* Each step remembers its faults, and all of them are shown at once: hence only other errors end it early. */
static int fill_config(esm_config *config, const struct options *options, const char *json, size_t size)
{
    int error = esm_config_load_json(config, json, size);
    for (size_t i = 0; i < options->setting_count && (!error || error == ESM_ERR_CONFIG); i++) {
        char *value = strchr(options->settings[i], '=');
        *value++ = '\0';
        error = esm_config_set(config, options->settings[i], value);
    }
    if (!error || error == ESM_ERR_CONFIG)
        error = esm_config_validate(config, ESM_CONFIG_KAFKA | ESM_CONFIG_FUNCTION | ESM_CONFIG_DESTINATION);
    return error;
}

static int load_config(esm_config *config, const struct options *options)
{
    size_t size;
    char *json = read_mapping(options->mapping, &size);
    if (!json)
        return EXIT_REFUSED;
    int error = fill_config(config, options, json, size);
    free(json);
    if (error == ESM_ERR_CONFIG)
        print_faults(config, options->mapping);
    else if (error)
        fprintf(stderr, "esm-run: %s: %s\n", options->mapping, esm_strerror(error));
    return error ? EXIT_REFUSED : EXIT_IN_ORDER;
}

static int print_mapping(const esm_config *config)
{
    char *json;
    int error = esm_config_to_json(config, &json);
    if (error) {
        fprintf(stderr, "esm-run: %s\n", esm_strerror(error));
        return EXIT_FAILED;
    }
    puts(json);
    esm_free(NULL, json);
    return EXIT_IN_ORDER;
}

static enum esm_log_level log_level(const struct options *options, const esm_config *config)
{
    const char *level = NULL;
    if (options->level)
        return (enum esm_log_level)options->level;
    esm_config_get(config, "LoggingConfig.SystemLogLevel", &level);
    if (level && strcmp(level, "DEBUG") == 0)
        return ESM_LOG_DEBUG;
    return level && strcmp(level, "WARN") == 0 ? ESM_LOG_WARNING : ESM_LOG_INFO;
}

/* ---- running ---- */

static void on_signal(void *user_data, uint32_t events)
{
    struct run *run = user_data;
    struct signalfd_siginfo info;
    (void)events;
    if (read(run->signal_fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
        return;
    if (run->stops++ == 0) {
        run->abandoned = count_of(run, ESM_COUNTER_ABANDONED);
        esm_poller_log(run->poller, ESM_LOG_INFO, "told to stop: draining; a second signal stops at once");
        esm_poller_stop(run->poller, -1);
    } else {
        esm_poller_log(run->poller, ESM_LOG_WARNING, "told again: stopping at once");
        esm_poller_stop(run->poller, 0);
        sigprocmask(SIG_UNBLOCK, &run->mask, NULL);
    }
}

/* Signals are read from a descriptor that the poller watches. They are blocked before there are threads, so
 * that none of these takes one; what comes before the first dispatch waits. */
static int watch_signals(struct run *run)
{
    run->signal_fd = signalfd(-1, &run->mask, SFD_CLOEXEC | SFD_NONBLOCK);
    if (run->signal_fd < 0)
        return ESM_ERR_SYSTEM;
    return esm_poller_add_watch(run->poller, run->signal_fd, ESM_WATCH_READ, on_signal, run, &run->signals);
}

static int start_ticking(struct run *run)
{
    int error = esm_poller_add_timer(run->poller, on_tick, run, &run->tick);
    if (!error)
        error = esm_poller_get_time(run->poller, &run->started_ms, NULL);
    run->shown_ms = run->started_ms;
    return error ? error : esm_timer_set(run->tick, run->started_ms + (run->on_terminal ? 0 : PLAIN_TICK_MS));
}

static int run_poller(struct run *run)
{
    int error = watch_signals(run);
    if (!error)
        error = start_ticking(run);
    if (!error)
        error = esm_poller_run(run->poller);
    if (error || esm_poller_get_state(run->poller) == ESM_POLLER_FAILED) {
        print_summary(run, ESM_LOG_ERROR, "failed: ", esm_strerror(error));
        return EXIT_FAILED;
    }
    int in_order = count_of(run, ESM_COUNTER_ABANDONED) == run->abandoned;
    if (!in_order) {
        print_summary(run, ESM_LOG_WARNING, "stopped with records unsettled", "");
        return EXIT_UNSETTLED;
    }
    print_summary(run, ESM_LOG_INFO, "stopped in order", "");
    return EXIT_IN_ORDER;
}

static int run_mapping(const esm_config *config, const struct options *options)
{
    struct run run = {.signal_fd = -1, .level = log_level(options, config)};
    run.on_terminal = run.level >= ESM_LOG_INFO && isatty(STDERR_FILENO);
    sigemptyset(&run.mask);
    sigaddset(&run.mask, SIGINT);
    sigaddset(&run.mask, SIGTERM);
    sigprocmask(SIG_BLOCK, &run.mask, NULL);

    int code = EXIT_REFUSED;
    int error = esm_poller_new(NULL, &run.poller, config);
    if (!error)
        error = esm_poller_set_log(run.poller, run.level, write_log, &run, NULL);
    if (!error)
        error = esm_poller_use_configuration(run.poller);
    if (error)
        fprintf(stderr, "esm-run: cannot start: %s\n", esm_strerror(error));
    if (error && error != ESM_ERR_CONFIG && error != ESM_ERR_UNSUPPORTED)
        code = EXIT_FAILED;
    if (!error)
        code = run_poller(&run);

    esm_timer_free(run.tick);
    esm_watch_free(run.signals);
    esm_poller_unref(run.poller);
    if (run.signal_fd >= 0)
        close(run.signal_fd);
    return code;
}

/* ---- the command line ---- */

/* Which of the options with an effect at once was asked for; 0: none; below 0: a fault, told. */
static int parse(int argc, char **argv, struct options *options)
{
    static const struct option known[] = {
        {"set", required_argument, NULL, 's'},
        {"check", no_argument, NULL, 'c'},
        {"quiet", no_argument, NULL, 'q'},
        {"verbose", no_argument, NULL, 'v'},
        {"log-format", required_argument, NULL, 'l'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},
        {0},
    };
    int option;
    while ((option = getopt_long(argc, argv, "h", known, NULL)) != -1) {
        switch (option) {
        case 's':
            if (!strchr(optarg, '=') || *optarg == '=')
                return -usage_fault("--set wants NAME=VALUE, not ", optarg);
            options->settings[options->setting_count++] = optarg;
            break;
        case 'c': options->check = 1; break;
        case 'q': options->level = ESM_LOG_WARNING; break;
        case 'v': options->level = ESM_LOG_DEBUG; break;
        case 'l':
            if (strcmp(optarg, "text") != 0)
                return -usage_fault("--log-format: text is the only one yet, not ", optarg);
            break;
        case 'h':
        case 'V': return option;
        default: return -usage_fault("bad usage", "");
        }
    }
    if (argc - optind != 1)
        return -usage_fault(argc == optind ? "MAPPING.json is missing" : "one mapping at a time, not also ",
                            argc == optind ? "" : argv[optind + 1]);
    options->mapping = argv[optind];
    return 0;
}

static int run_command(struct options *options)
{
    esm_config *config;
    int error = esm_config_new(NULL, &config);
    if (error) {
        fprintf(stderr, "esm-run: %s\n", esm_strerror(error));
        return EXIT_FAILED;
    }
    int code = load_config(config, options);
    if (code == EXIT_IN_ORDER)
        code = options->check ? print_mapping(config) : run_mapping(config, options);
    esm_config_free(config);
    return code;
}

int main(int argc, char **argv)
{
    struct options options = {.settings = calloc((size_t)argc + 1, sizeof(char *))};
    int code = options.settings ? parse(argc, argv, &options) : -EXIT_FAILED;
    if (code == 'h')
        print_help();
    else if (code == 'V')
        print_version();
    else if (code == 0)
        code = -run_command(&options);
    free(options.settings);
    return code < 0 ? -code : EXIT_IN_ORDER;
}
