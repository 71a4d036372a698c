/*
 * The targeted and the broadcast shootdown, written from the description of the protocol and not from its code: one
 * virtual machine with one page, its monitor, CPUS processors with room for one translation each.
 *
 * A state is the value of all variables below and the contents of all channels. Every option of the loop is one step:
 * a message arrives, a shootdown begins or ends, or a processor faults. Spin must store as many states as the explorer
 * of the shipping tables finds, and take as many steps between them.
 *
 * Given on the command line of spin: CPUS (2 or 3), SHOTS (1 or 2), KIND1, KIND2 (INVALIDATE or DOWNGRADE), BROADCAST
 * (0 or 1), DUPLICATES (acknowledgements that may arrive twice).
 */

#define INVALIDATE 0
#define DOWNGRADE 1

#define BIT(x) (1 << (x))
#define ALL (BIT(CPUS) - 1)
#define BELOW(x) (BIT(x) - 1)
#define KIND(x) ((x) == 1 -> KIND1 : KIND2)

#define FREE 0
#define COLLECTING 1
#define COMPLETE 2

/* The monitor. Shootdowns are numbered from 1; sets have bit g - 1 for shootdown g, or a bit for each processor. */
byte generation, completed, ended, settled, given, waiting, rounds;

/* By shootdown. Rounds are numbered as they ask somebody; 0 for one that asks nobody. */
byte state[3], number[3], targets[3], missing[3];

/* The processors. */
bool has[CPUS], writable[CPUS], filling[CPUS], filled_once[CPUS];
byte age[CPUS], useful_from[CPUS];

byte duplicates;

/* A request and its answer can overtake an order and its acknowledgement: they travel on lanes of their own. */
chan fill[CPUS] = [2] of { bit };
chan filled[CPUS] = [2] of { byte };
chan order[CPUS] = [4] of { byte, byte };
chan ack[CPUS] = [4] of { byte, byte };

/* Not part of the state. */
hidden byte g, n, c, oldest_read, oldest_write;

inline answer(p) {
    given = given | BIT(p);
    filled[p]!generation
}

inline complete(s) {
    state[s] = COMPLETE;
    completed = completed | BIT(s - 1)
}

/* No processor may use a translation older than a complete shootdown leaves it. */
inline check() {
    oldest_read = 0;
    oldest_write = 0;
    g = 1;
    do
    :: g <= generation ->
        if
        :: (completed & BIT(g - 1)) != 0 ->
            oldest_write = g;
            if
            :: KIND(g) == INVALIDATE -> oldest_read = g
            :: else
            fi
        :: else
        fi;
        g++
    :: else -> break
    od;
    c = 0;
    do
    :: c < CPUS ->
        assert(!has[c] || age[c] >= oldest_read);
        assert(!has[c] || !writable[c] || age[c] >= oldest_write);
        c++
    :: else -> break
    od;
    g = 0; n = 0; c = 0
}

inline begin() {
    generation++;
    g = generation;
    if
    :: BROADCAST -> targets[g] = ALL
    :: else -> targets[g] = given
    fi;
    if
    :: targets[g] == 0 -> complete(g)
    :: else ->
        rounds++;
        state[g] = COLLECTING;
        number[g] = rounds;
        missing[g] = targets[g];
        c = 0;
        do
        :: c < CPUS ->
            if
            :: (targets[g] & BIT(c)) != 0 -> order[c]!g, number[g]
            :: else
            fi;
            c++
        :: else -> break
        od
    fi
}

inline finish(s) {
    ended = ended | BIT(s - 1);
    state[s] = FREE; number[s] = 0; targets[s] = 0; missing[s] = 0;
    if
    :: ended == BELOW(generation) ->
        g = settled + 1;
        do
        :: g <= generation ->
            if
            :: KIND(g) == INVALIDATE -> given = 0
            :: else
            fi;
            g++
        :: else -> break
        od;
        settled = generation;
        c = 0;
        do
        :: c < CPUS ->
            if
            :: (waiting & BIT(c)) != 0 -> answer(c)
            :: else
            fi;
            c++
        :: else -> break
        od;
        waiting = 0
    :: else
    fi
}

inline take_ack(p) {
    if
    :: state[g] == COLLECTING && number[g] == n && (missing[g] & BIT(p)) != 0 ->
        missing[g] = missing[g] & (ALL - BIT(p));
        if
        :: missing[g] == 0 -> complete(g)
        :: else
        fi
    :: else /* it was counted before */
    fi
}

inline remove(p) {
    if
    :: KIND(g) == INVALIDATE -> has[p] = false; age[p] = 0
    :: else
    fi;
    writable[p] = false;
    if
    :: filling[p] && useful_from[p] < g -> useful_from[p] = g
    :: else
    fi;
    ack[p]!g, n
}

inline install(p) {
    if
    :: g < useful_from[p] -> fill[p]!1
    :: else ->
        filling[p] = false;
        has[p] = true;
        writable[p] = (g == 0 || KIND(g) == INVALIDATE);
        age[p] = g;
        useful_from[p] = 0
    fi
}

#define PROCESSOR(p) \
    :: d_step { nempty(fill[p]) -> fill[p]?_; \
        if \
        :: ended == BELOW(generation) -> answer(p) \
        :: else -> waiting = waiting | BIT(p) \
        fi; check() } \
    :: d_step { nempty(filled[p]) -> filled[p]?g; install(p); check() } \
    :: d_step { nempty(order[p]) -> order[p]?g, n; remove(p); check() } \
    :: d_step { nempty(ack[p]) -> ack[p]?g, n; take_ack(p); check() } \
    :: d_step { nempty(ack[p]) && duplicates < DUPLICATES -> \
        duplicates++; ack[p]?<g, n>; take_ack(p); check() } \
    :: d_step { !has[p] && !filling[p] && !filled_once[p] -> \
        filled_once[p] = true; filling[p] = true; fill[p]!1; check() }

init {
end:
    do
    :: d_step { generation < SHOTS -> begin(); check() }
    :: d_step { state[1] == COMPLETE -> finish(1); check() }
    :: d_step { state[2] == COMPLETE -> finish(2); check() }
    PROCESSOR(0)
    PROCESSOR(1)
#if CPUS == 3
    PROCESSOR(2)
#endif
    od
}
