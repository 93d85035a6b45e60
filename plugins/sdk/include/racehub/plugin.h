/*
 * RaceHub plugin interface, version 1.1. This header is the manual.
 *
 * A plugin is a shared library with one exported function, racehub_plugin_entry_v1(). It observes
 * the world (gates, timers, games, the internet), publishes what it saw, and may be told the facts
 * that the hub decided. It owns nothing of the hub's and the hub owns nothing of its. The same
 * library runs in a child process of its own (the default) or inside the hub; it cannot tell, and
 * must not try to.
 *
 * It compiles warning-free as C99 to C17 and C++11 to C++20. C++ authors use <racehub/plugin.hpp>.
 *
 * CONVENTIONS
 * - Strings are UTF-8 with a length (rh_str), not zero-terminated, except in the static descriptor.
 * - Pointers are never null unless the comment says "or null".
 * - Times are int64 microseconds of the hub's clock (now_us); durations are milliseconds.
 * - Enumerations are fixed-width integers; 0 is RH_OK in rh_status and "unknown" everywhere else.
 * - Every struct begins with struct_size: the size that its *writer* was compiled with. A reader
 *   uses only what lies within it; ask with RH_HAS. Structs only ever grow at their end, and a
 *   released member never changes.
 *
 * THREADS  Every function is marked with who may call it, and when:
 * - [plugin-thread]: the one thread that the host gives to each instance. The host calls everything
 *   on it, one call at a time, from create to destroy. Each call returns within 50 ms (start and
 *   stop: 3 s). A thread that does not come back for one second is a hang: the instance is killed
 *   and started again.
 * - [own-thread]: a thread that the plugin started itself; forbidden on the plugin thread.
 * - [any-thread]: either of them.
 * - "& started": only between the call of start and the return of stop; outside it: RH_E_STATE.
 *
 * OWNERSHIP  Each side writes only its own structs. Whatever is passed is valid during that call
 * only, unless its comment gives a longer life; copy what you keep. Nobody frees the other's
 * memory.
 *
 * ERRORS  No exception and no longjmp may leave either side. Errors are rh_status values; a text is
 * given with set_health or log.
 *
 * FORBIDDEN  exit() or abort() on operating errors, signal handlers, setlocale, changing the
 * working directory, file descriptors the plugin did not open, threads that outlive stop.
 */
#ifndef RACEHUB_PLUGIN_H
#define RACEHUB_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define RH_ABI_MAJOR 1u /* a new major is a new entry symbol (racehub_plugin_entry_v2) */
#define RH_ABI_MINOR 1u /* grows when structs grow: 1.1 added rh_plugin_entry.examine */

#if defined(__GNUC__)
#define RH_EXPORT __attribute__((visibility("default")))
#else
#define RH_EXPORT
#endif

/* True if the struct at `pointer`, of type `type`, was written by someone who knew `member`.
 * For functions also compare with null: RH_HAS(rh_host, host, wake) && host->wake. */
#define RH_HAS(type, pointer, member) \
    ((pointer)->struct_size >= offsetof(type, member) + sizeof((pointer)->member))

/* ---- Limits. What is larger is refused; together they keep one event within one datagram. ---- */
enum {
    RH_MAX_DATA_BYTES = 61440,  /* data of one event (a snapshot may be larger) */
    RH_MAX_NAME_BYTES = 128,    /* type, track, race_id, source, source_key, kv key: each */
    RH_MAX_TEXT_BYTES = 1024,   /* log and health text; longer text is cut */
    RH_MAX_VALUE_BYTES = 4096,  /* kv value */
    RH_MAX_LOGGED_BYTES = 2048, /* text of a source.logged; longer text is cut */
    RH_MAX_KEYS = 64,           /* kv keys of one instance */
    RH_MAX_TIMERS = 64,         /* timers of one instance */
    RH_MAX_FDS = 64             /* watched file descriptors of one instance */
};

/* ---- Values ---- */

typedef struct rh_str {
    const char* data; /* may be null if size is 0 */
    size_t size;      /* bytes, without any terminator */
} rh_str;

typedef int32_t rh_status;
enum {
    RH_OK = 0,
    RH_E_FULL = 1,      /* a queue or rate limit is full: nothing was taken, try later; counted */
    RH_E_INVALID = 2,   /* an argument or event is not acceptable; the log says which and why */
    RH_E_REFUSED = 3,   /* the hub said no: not permitted, wrong track, unknown type */
    RH_E_TIMEOUT = 4,   /* no answer in time: it may yet be logged; repeat it, same source_key */
    RH_E_THREAD = 5,    /* called on a thread that its mark forbids */
    RH_E_STATE = 6,     /* called before start, after stop, or while stopping */
    RH_E_TOO_LARGE = 7, /* beyond a limit above */
    RH_E_NOT_FOUND = 8, /* no such key, timer or file descriptor */
    RH_E_FAILED = 9     /* anything else; say it in words with set_health or log */
};

typedef int32_t rh_kind;
enum {
    RH_KIND_UNKNOWN = 0,
    RH_KIND_OBSERVATION = 1, /* a source saw it; logged; lost only with a counted refusal */
    RH_KIND_COMMAND = 2,     /* somebody wants it ("race.start"); logged with its outcome */
    RH_KIND_FACT = 3,        /* the hub decided it ("lap.completed"); gapless seq */
    RH_KIND_SAMPLE = 4,      /* a reading, newest wins ("car.located"); not logged, may be lost */
    RH_KIND_NOTICE = 5       /* from the host to this instance alone: see rh_event */
};

typedef int32_t rh_log_level;
enum { RH_LOG_DEBUG = 1, RH_LOG_INFO = 2, RH_LOG_WARNING = 3, RH_LOG_ERROR = 4 };

typedef int32_t rh_health;
enum {
    RH_HEALTH_UNKNOWN = 0,
    RH_HEALTH_STARTING = 1, /* connecting; the host sets it before start, and OK after it if the
                               plugin said nothing */
    RH_HEALTH_OK = 2,
    RH_HEALTH_DEGRADED = 3, /* works in part or is reconnecting; the text says what is missing */
    RH_HEALTH_FAILED = 4    /* does not work; the text says what the organiser can do */
};

/* Bits for watch_fd (interest: READ, WRITE) and on_fd (ready: all three). */
enum { RH_FD_READ = 1, RH_FD_WRITE = 2, RH_FD_ERROR = 4 };

/* Bits of rh_event.flags. */
enum {
    RH_EVENT_REPLAY = 1,   /* told again: it happened before this instance was started */
    RH_EVENT_AFTER_GAP = 2 /* on hub.snapshot: this instance was too slow, facts were left out */
};

/*
 * One event, in both directions. The names equal those of the JSON envelope in the log and on the
 * web.
 *
 * Publishing: set struct_size, kind (observation or sample), type, data; recv_us; time_us if the
 * device knows when it happened; source_key if the same thing can be read twice. The rest may be
 * zero.
 *
 * Notices (RH_KIND_NOTICE, only ever to on_event):
 * - hub.snapshot: first of all events to an instance that subscribes to anything, and again after a
 *   gap. data is the state of the whole hub as JSON, seq the last fact in it. Facts after seq
 *   follow, in order, none twice.
 * - command.outcome: the answer to one command. data is {"id":…,"accepted":true|false,"code":…,
 *   "message":…}; source_key is the id, too.
 * - source.asked: a person asks this instance for something now. data is {"what":…,"args":{…}},
 *   both of the plugin's own choice ("dbg", say); answer with samples or with set_health. What you
 *   do not know: ignore it.
 *
 * Samples that every plugin may publish, listed in its descriptor or not, with or without a track:
 * - source.logged: {"dir":"in"|"out"|"note","text":…}, one line of the protocol with the device.
 *   The hub keeps the newest some thousand; only race directors see them. No passwords all the
 *   same.
 * - device.sensed: {"gate":"open"|"closed"|"unknown","lanes":[{"lane":1,"state":…}],"text":…}, what
 *   the device senses right now ("wave your hand"), all members optional; state is a word of the
 *   device's own, of which "clear", "blocked" and "unknown" have colours. The newest replaces all
 *   before it: publish it at changes, and again every few seconds.
 */
typedef struct rh_event {
    uint32_t struct_size;
    uint32_t flags;    /* RH_EVENT_ bits */
    rh_kind kind;      /* RH_KIND_ */
    uint32_t version;  /* of the type; 0 means 1 */
    uint64_t seq;      /* place of a fact in the log; ignored when publishing */
    uint64_t cause;    /* number of the input in the log behind a fact; ignored when publishing */
    int64_t time_us;   /* when it happened, hub's clock; 0 when publishing: use recv_us */
    int64_t recv_us;   /* when the plugin received it: take now_us at once; 0: the host takes it */
    rh_str type;       /* "noun.past_participle"; commands "noun.verb" */
    rh_str track;      /* empty when publishing: the track this instance is configured for */
    rh_str race_id;    /* empty when publishing: the race that runs on the track, if any */
    rh_str source;     /* instance that made it; ignored when publishing */
    rh_str source_key; /* unique per instance: the same key again is a duplicate, without effect */
    rh_str data;       /* one JSON object; empty means {} */
} rh_event;

/* Called by kv_get, at most once, before it returns, on its thread. value: during this call only.
 */
typedef void (*rh_value_sink)(void* sink_ctx, rh_str value);

/*
 * What the host offers: one constant table for each instance, valid from create until destroy has
 * returned. `ctx` is the first argument of every function. None blocks, except publish_durable.
 */
typedef struct rh_host {
    uint32_t struct_size;
    uint32_t abi_minor;
    void* ctx;
    rh_str instance; /* configured id of this instance, "gates": make fixed client ids of it */
    rh_str track;    /* configured track, or empty */

    /* Hands over an observation or a sample. RH_OK: on its way (a refusal by the hub is counted and
     * shown). RH_E_FULL: rate limit or queue. Samples beyond the rate limit answer RH_OK: the
     * newest of each (type, track, source_key) is kept and sent later. [any-thread & started] */
    rh_status (*publish)(void* ctx, const rh_event* event);

    /* Hands over an observation and waits until the hub has it in its log. RH_OK: it is there, now
     * or already before (duplicate); only then acknowledge the device. RH_E_REFUSED, RH_E_FULL: it
     * is not. RH_E_TIMEOUT: unknown. RH_E_STATE: the instance is stopping. Waits at most
     * timeout_ms, and not at all once stop is being called. [own-thread & started] */
    rh_status (*publish_durable)(void* ctx, const rh_event* event, uint32_t timeout_ms);

    /* Asks the hub to do something. kind: command; source_key: an id of your own choice, a second
     * command with the same id has no second effect. RH_OK: queued, the outcome arrives as the
     * notice command.outcome. Refused unless configured with "may_command": true. [any-thread &
     * started] */
    rh_status (*command)(void* ctx, const rh_event* command);

    /* One line for the hub's log; line breaks are replaced. At most 20 lines a second, the rest is
     * counted. Never log secrets. [any-thread], create to destroy */
    void (*log)(void* ctx, rh_log_level level, rh_str text);

    /* How this source is, in one sentence for the organiser. Cheap to repeat. [any-thread], create
     * to destroy */
    void (*set_health)(void* ctx, rh_health health, rh_str text);

    /* The hub's clock: monotonic, near UTC at the hub's start; the only clock for time_us and
     * recv_us. Some nanoseconds. [any-thread], create to destroy */
    int64_t (*now_us)(void* ctx);

    /* Calls on_timer(timer_id) each period_ms from now on; 0 cancels. Missed periods are not made
     * up for. RH_E_FULL beyond RH_MAX_TIMERS. [plugin-thread & started] */
    rh_status (*set_timer)(void* ctx, uint32_t timer_id, uint32_t period_ms);

    /* Calls on_fd while fd is ready (level-triggered); interest 0 forgets it: do so before closing
     * it. The plugin keeps owning fd. [plugin-thread & started] */
    rh_status (*watch_fd)(void* ctx, int fd, uint32_t interest);

    /* Calls on_wake soon; several wakes before it become one. [any-thread & started] */
    rh_status (*wake)(void* ctx);

    /* Small state of this instance that survives restarts of plugin and hub (a cursor, the last
     * race id). An empty value removes the key. Written behind: a power cut may lose the last
     * second. [any-thread], create to stop */
    rh_status (*kv_put)(void* ctx, rh_str key, rh_str value);

    /* RH_OK and one call of sink, or RH_E_NOT_FOUND. sink must not call the host. [any-thread],
     * create to stop */
    rh_status (*kv_get)(void* ctx, rh_str key, rh_value_sink sink, void* sink_ctx);

    /* A draft table by its name, "name/1", or null. Drafts promise nothing. [any-thread], create to
     * destroy */
    const void* (*get_extension)(void* ctx, const char* name);
} rh_host;

/*
 * One instance: the plugin's own constant table, returned by create, valid until destroy is called.
 * `self` is the first argument of every function. All of them: [plugin-thread].
 */
typedef struct rh_plugin {
    uint32_t struct_size;
    uint32_t reserved; /* 0 */
    void* self;

    /* Required, called once. config_json is valid against the descriptor's schema, defaults filled
     * in. Open connections, start own threads; do not wait for the outside world: a connection that
     * fails is tried again by the plugin itself, under set_health(DEGRADED, …). Any status but
     * RH_OK is a failed start: nothing of the plugin may go on, stop is not called, destroy
     * follows, and the host tries again after 1 s, 2 s … 60 s. At most 3 s. */
    rh_status (*start)(void* self, rh_str config_json);

    /* Required, called once. Ends and joins own threads (publish_durable in them has been answered
     * RH_E_STATE). After it returned only log, set_health and now_us may be called. At most 3 s,
     * then the instance is killed. */
    void (*stop)(void* self);

    /* Required, the last call. Frees self and this table. */
    void (*destroy)(void* self);

    void (*on_event)(void* self, const rh_event* event); /* or null; facts need `subscribes` */
    void (*on_timer)(void* self, uint32_t timer_id);     /* or null */
    void (*on_fd)(void* self, int fd, uint32_t ready);   /* or null; RH_FD_ bits */
    void (*on_wake)(void* self);                         /* or null */

    const void* (*get_extension)(void* self, const char* name); /* or null; drafts only */
} rh_plugin;

/* Bits of rh_plugin_descriptor.flags. */
enum {
    RH_PLUGIN_SINGLETON = 1, /* at most one instance in a hub */
    RH_PLUGIN_TESTS = 2,     /* examine knows "test" */
    RH_PLUGIN_DISCOVERS = 4  /* examine knows "discover" */
};

/* Called by examine, at most once, before it returns, on its thread. answer: during this call only.
 */
typedef void (*rh_answer_sink)(void* sink_ctx, rh_str answer_json);

/* What a plugin is. Static, constant, the same at every call; all strings zero-terminated. */
typedef struct rh_plugin_descriptor {
    uint32_t struct_size;
    uint32_t flags;
    const char* id;            /* "org.example.thing", never changes */
    const char* name;          /* for people */
    const char* version;       /* "1.2.0" */
    const char* vendor;        /* or null */
    const char* description;   /* one sentence, or null */
    const char* config_schema; /* JSON Schema of one object (subset: author's guide); null: none */
    uint32_t heartbeat_ms;     /* "ok" shows as stale when nothing was heard so long; 0: never */
    uint32_t reserved;         /* 0 */
    /* Types it makes, ended by null; others are refused. Null: none. */
    const char* const* publishes;
    /* Types of facts it wants, ended by null; "*": all. Null: none. */
    const char* const* subscribes;
} rh_plugin_descriptor;

/* What the library contains. Static, constant. */
typedef struct rh_plugin_entry {
    uint32_t struct_size;
    uint32_t abi_major; /* RH_ABI_MAJOR */
    uint32_t abi_minor; /* RH_ABI_MINOR; newer members of the host's table: only if RH_HAS */
    uint32_t plugin_count;

    /* index < plugin_count. No side effects, no I/O, fast. [any-thread], at any time */
    const rh_plugin_descriptor* (*describe)(uint32_t index);

    /* A new instance, or null (say why with log). Keep `host`. No I/O, no threads: they are
     * start's. Return a table of the plugin's own; this is what lets an older host run a newer
     * plugin. [plugin-thread] */
    const rh_plugin* (*create)(uint32_t index, const rh_host* host);

    /* Or null; since 1.1. Looks at the world for a person who is typing settings, before any
     * instance has them. Runs in a process of its own, which is killed after 15 s and in any case
     * when this returns: it may block, needs no clean-up, and has no rh_host. Other instances run
     * meanwhile, of the same settings perhaps: do not take their place (a fixed client id, an
     * exclusive port: say that it is in use). config_json is valid against the schema with defaults
     * filled in; for "discover", required members may be missing.
     *   what "test" (flag RH_PLUGIN_TESTS): tries the connection. Answer {"ok":true|false,"text":
     *     one sentence: what works, or what is wrong and what to do}.
     *   what "discover" (flag RH_PLUGIN_DISCOVERS): looks for devices. Answer {"found":[{"label":
     *     what a person would call it,"config":{the members to fill in}}…]}, at most 64; none is an
     *     answer; or as for "test", with ok false, if looking is impossible.
     * RH_E_NOT_FOUND for any other `what`: later hosts may ask for more. */
    rh_status (*examine)(uint32_t index, rh_str what, rh_str config_json, rh_answer_sink answer,
                         void* answer_ctx);
} rh_plugin_entry;

/* The one exported symbol. [any-thread], no side effects. */
RH_EXPORT const rh_plugin_entry* racehub_plugin_entry_v1(void);

/* A zero-terminated text as rh_str; it lives as long as the text does. */
static inline rh_str rh_text(const char* text) {
    rh_str result;
    result.data = text;
    result.size = 0;
    if (text) {
        while (text[result.size]) ++result.size;
    }
    return result;
}

#ifdef __cplusplus
}
#endif
#endif /* RACEHUB_PLUGIN_H */
