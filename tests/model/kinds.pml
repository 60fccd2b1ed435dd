/* The kinds of lock: who is in whose way, whom each watches, and what a record tells.
 *
 * What is modelled: sdk/core/recipe.cpp, recipe_upgrade.cpp and the part of contender.cpp that they
 * steer, on one or two lock paths: the list after the create; the remembered list, walked down; one
 * watch on the nearest that blocks (for permits on all, where any may be next); marks in records,
 * read with the watch, and told by it; the second look where somebody may have come between. Also
 * lock_queue_delay.cpp (whose end is a release), lock_queue_keep.cpp (a lock that is kept), and that
 * the nodes of a set are made in one transaction.
 *
 * Bounds: one acquisition for each client, whose kind is given by K0 to K3; a waiter may give up
 * where GIVES_UP has its bit, a holder may die where DIES has it, an upgrade may be given up where
 * ENDS_UPGRADE has it, and a holder with a bit in HOLDS_ON goes last.
 *
 * Abstracted: one server without a lag, lost connections, sessions, time: those are in contender.pml
 * and lease.pml, for the machine that all kinds share. A leader is an exclusive holder without a
 * budget.
 *
 * Properties, as assertions at each grant: S1 (an exclusive holder is alone on its paths, one
 * upgradable at a time, permits never above their number), S5 (nobody who blocks is ahead), S24. L2:
 * every run ends where everybody has had the lock or given it up, and no node is left. */

#ifndef K0
#define K0 Nobody
#endif
#ifndef K1
#define K1 Nobody
#endif
#ifndef K2
#define K2 Nobody
#endif
#ifndef K3
#define K3 Nobody
#endif
#ifndef PERMITS
#define PERMITS 2
#endif
#ifndef GIVES_UP
#define GIVES_UP 0
#endif
#ifndef DIES
#define DIES 0
#endif
#ifndef HOLDS_ON
#define HOLDS_ON 0
#endif
#ifndef ENDS_UPGRADE
#define ENDS_UPGRADE 0
#endif

#define CLIENTS 4
#define NODES 8 /* that can ever be created: bits of a byte */
#define NONE 255
#define bit(node) (1 << (node))
#define lower(node) (bit(node) - 1)

mtype = {
    Nobody, Shared, Exclusive, Upgradable, Permit, Set, Second, /* kinds; Second: on the other path */
    Downgrading, Keeping,                                       /* exclusive, and then */
    Idle, Sharing, Alone, Permitted                             /* what one holds */
};

/* ---- the server: nodes are numbered over both paths, as by their transactions ---- */
byte tree, created;
byte on_second;                 /* those on the second path */
byte exclusive, upgradable;     /* by their names */
byte base[NODES] = NONE;        /* of the second node of an upgradable holder: the first */
byte says_shared, says_running; /* marks */
byte says_waits[NODES] = NONE;
byte watched[CLIENTS], gone[CLIENTS], changed[CLIENTS];
bool is_child_watched[CLIENTS], child_changed[CLIENTS];

/* ---- the clients ---- */
mtype holds[CLIENTS] = Idle;
byte stands_on[CLIENTS];  /* paths: 1, 2 or both */
byte permitted;
byte upgraders;           /* clients whose lock is upgradable, and held */
bool owed[CLIENTS];       /* it has to hold back */
byte knows[CLIENTS];      /* whose record it has read, and not heard of since */
byte busy;                /* clients that are not done */
byte died;                /* nodes whose holder did not release them */
byte holders;             /* nodes on which somebody holds */

byte t_i, t_j, t_nodes; /* of one step only */

inline tell_children(who) {
    t_i = 0;
    do
    :: t_i < CLIENTS ->
        if
        :: t_i != who && is_child_watched[t_i] -> is_child_watched[t_i] = false; child_changed[t_i] = true
        :: else
        fi;
        t_i++
    :: else -> break
    od;
    t_i = 0
}

inline make(who, which, is_exclusive, is_upgradable, is_on_second, the_base) {
    which = created;
    created++;
    assert(created < NODES);
    tree = tree | bit(which);
    if
    :: is_exclusive -> exclusive = exclusive | bit(which)
    :: else
    fi;
    if
    :: is_upgradable -> upgradable = upgradable | bit(which)
    :: else
    fi;
    if
    :: is_on_second -> on_second = on_second | bit(which)
    :: else
    fi;
    base[which] = the_base;
    tell_children(who)
}

/* A watch is used up by the first change, be it part of a transaction that deletes the node. */
inline wrote() {
    t_i = 0;
    do
    :: t_i < CLIENTS ->
        changed[t_i] = changed[t_i] | (watched[t_i] & t_nodes);
        watched[t_i] = watched[t_i] & ~t_nodes;
        t_i++
    :: else -> break
    od;
    t_i = 0
}

inline remove(who) {
    t_i = 0;
    do
    :: t_i < CLIENTS ->
        gone[t_i] = gone[t_i] | (watched[t_i] & t_nodes);
        watched[t_i] = watched[t_i] & ~t_nodes;
        t_i++
    :: else -> break
    od;
    tree = tree & ~t_nodes;
    holders = holders & ~t_nodes;
    tell_children(who)
}

/* Whoever watches one that holds and dies, and has read what it asks for, has to hold back. */
inline note_death() {
    died = died | t_nodes;
    t_i = 0;
    do
    :: t_i < CLIENTS ->
        if
        :: watched[t_i] & knows[t_i] & t_nodes & holders -> owed[t_i] = true
        :: else
        fi;
        t_i++
    :: else -> break
    od;
    t_i = 0
}

inline check_holders() {
    t_i = 0;
    do
    :: t_i < CLIENTS ->
        t_j = 0;
        do
        :: t_j < CLIENTS ->
            assert(t_i == t_j || holds[t_i] != Alone || holds[t_j] == Idle ||
                   !(stands_on[t_i] & stands_on[t_j])); /* S1 */
            assert(t_i == t_j || !(upgraders & bit(t_i)) || !(upgraders & bit(t_j)));
            t_j++
        :: else -> break
        od;
        t_i++
    :: else -> break
    od;
    assert(permitted <= PERMITS);
    t_i = 0;
    t_j = 0
}

#define same_path(a, b) (((on_second & bit(a)) != 0) == ((on_second & bit(b)) != 0))

/* Recipe::blockers for one own node, out of the list `seen`; adds to `ahead`. */
inline find_blockers(node) {
    t_i = 0;
    do
    :: t_i < node ->
        if
        :: !(seen & bit(t_i)) || (passed & bit(t_i)) || !same_path(t_i, node)
        :: else ->
            if
            :: base[node] != NONE -> /* the second node of an upgradable holder */
                if
                :: t_i == base[node]
                :: t_i < base[node] -> ahead = ahead | bit(t_i)
                :: t_i > base[node] && ((exclusive | upgradable) & bit(t_i))
                :: t_i > base[node] && !((exclusive | upgradable) & bit(t_i)) ->
#ifndef WAITS_FOR_ITS_WAITERS
                    /* not for a reader that waits for a writer that waits for us */
                    if
                    :: seen & exclusive & lower(t_i) & ~(lower(base[node]) | bit(base[node]))
                    :: else -> ahead = ahead | bit(t_i)
                    fi
#else
                    ahead = ahead | bit(t_i)
#endif
                fi
            :: base[node] == NONE && kind == Shared ->
                ahead = ahead | (bit(t_i) & exclusive)
            :: base[node] == NONE && kind == Upgradable ->
#ifndef TWO_UPGRADABLES
                ahead = ahead | (bit(t_i) & (exclusive | upgradable))
#else
                ahead = ahead | (bit(t_i) & exclusive)
#endif
            :: else -> ahead = ahead | bit(t_i)
            fi
        fi;
        t_i++
    :: else -> break
    od;
    t_i = 0
}

/* A reader that nobody ahead blocks may stand between the two nodes of an upgradable holder. */
inline find_upgrade_around(node) {
    t_i = node + 1;
    do
    :: t_i < NODES ->
        if
        :: (seen & bit(t_i)) && base[t_i] != NONE && (seen & bit(base[t_i])) && base[t_i] < node ->
            ahead = bit(t_i);
            break
        :: else -> t_i++
        fi
    :: else -> break
    od;
    t_i = 0
}

inline read_list() {
    ahead = 0;
    find_blockers(own);
    if
    :: second != NONE && base[own] == NONE -> find_blockers(second)
    :: else
    fi
}

/* What the list says beyond that: a reader may stand between the two nodes of an upgradable holder. */
inline look_around() {
#ifndef WALKS_INTO_THE_PAIR
    if
    :: kind == Shared && ahead == 0 -> find_upgrade_around(own)
    :: else
    fi
#else
    skip
#endif
}

inline count_ahead() {
    count = 0;
    t_i = 0;
    do
    :: t_i < NODES -> count = count + ((ahead >> t_i) & 1); t_i++
    :: else -> break
    od;
    t_i = 0
}

/* Whom to watch: on each path the nearest, or all. */
inline choose_watched() {
    count_ahead();
    wanted = 0;
    if
    :: kind == Permit && (count == PERMITS || (last_running != NONE && (ahead >> last_running) == 1)) ->
        wanted = ahead
    :: else ->
        t_i = NODES;
        do
        :: t_i > 0 ->
            t_i--;
            if
            :: (ahead & bit(t_i)) && !(wanted & (on_second & bit(t_i) -> on_second : ~on_second)) ->
                wanted = wanted | bit(t_i)
            :: else
            fi
        :: else -> break
        od
    fi;
#ifdef WATCHES_ONE_PATH
    wanted = wanted & ~on_second;
#endif
    t_i = 0
}

#define is_blocked (kind == Permit -> count >= PERMITS : ahead != 0)

/* Nobody ahead is left who blocks; of permits no more than may run beside. */
inline check_order() {
    seen = tree;
    t_ahead = ahead;
    read_list();
    count_ahead();
    assert(!is_blocked); /* S5 */
    assert(!owed[me]);   /* S24 */
    ahead = t_ahead;
    t_ahead = 0;
    seen = 0
}

/* May somebody have come between since the list was read? Contender::go_on. */
#define has_to_look_again (ahead == 0 && kind == Shared && (upgradable & lower(own)))

proctype client(byte me; mtype wish) {
    mtype kind = wish;
    byte own = NONE, second = NONE; /* second: of a set; of an upgrade the first one */
    byte made_in, seen, ahead, t_ahead, passed, count, wanted, shown_wait;
    byte targets, found, missing, marks, running, waits; /* of one answer */
    byte last_running = NONE;
    bool has_reply, holds_back, was_queued, is_released = true;

    if
    :: wish == Downgrading || wish == Keeping || wish == Second -> kind = Exclusive
    :: else
    fi;
    atomic {
        if
        :: kind == Set ->
            make(me, own, true, false, false, NONE);
#ifndef SET_BY_PARTS
            make(me, second, true, false, true, NONE);
            stands_on[me] = 3
#else
            goto second_half
#endif
        :: else ->
            make(me, own, (kind == Exclusive), (kind == Upgradable), (wish == Second), NONE);
            stands_on[me] = (wish == Second -> 2 : 1)
        fi;
        made_in = tree
    };
#ifdef SET_BY_PARTS
    goto look;
second_half:
    atomic { make(me, second, true, false, true, NONE); stands_on[me] = 3 };
#endif

look:
    atomic { seen = tree }; /* the server reads */
    atomic {                /* the answer arrives */
#ifndef PLACE_UNSEEN
        /* Somebody may have listed us behind one that went before our own list. */
        was_queued = was_queued || (kind == Permit && made_in != 0 && seen != made_in);
        made_in = 0;
#endif
        read_list();
        look_around();
        seen = 0;
        choose_watched()
    };

    do
    :: atomic { !is_blocked && !has_reply && !holds_back -> break }
    :: atomic { /* the server reads the node, or several, and arms the watch */
        is_blocked && !has_reply && !gone[me] && !changed[me] && (wanted & ~watched[me]) ->
        targets = wanted & ~watched[me];
        was_queued = (kind == Permit);
        has_reply = true;
        missing = targets & ~tree;
        found = targets & tree;
        watched[me] = watched[me] | found;
        marks = targets & tree & says_shared;
        running = targets & tree & says_running;
        t_i = 0;
        waits = 0;
        do
        :: t_i < NODES ->
            if
            :: (targets & tree & bit(t_i)) && says_waits[t_i] == own -> waits = waits | bit(t_i)
            :: else
            fi;
            t_i++
        :: else -> break
        od;
        t_i = 0;
        targets = 0
       }
    :: atomic { has_reply -> /* the answer arrives */
        has_reply = false;
        ahead = ahead & ~missing;
        knows[me] = (knows[me] & ~missing) | found;
        found = 0;
        if
#ifndef MARK_LETS_WRITERS_IN
        :: (kind == Shared || kind == Upgradable) && base[own] == NONE ->
#else
        :: base[own] == NONE ->
#endif
            passed = passed | marks;
            watched[me] = watched[me] & ~marks;
            ahead = ahead & ~marks
        :: base[own] != NONE ->
            passed = passed | waits;
            watched[me] = watched[me] & ~waits;
            ahead = ahead & ~waits
        :: else
        fi;
        missing = 0;
        marks = 0;
        waits = 0;
        t_i = NODES;
        do
        :: t_i > 0 && !(ahead >> (t_i - 1)) -> t_i--
        :: else -> break
        od;
        if
        :: kind == Permit && t_i > 0 && (running & bit(t_i - 1)) && last_running != t_i - 1 ->
            last_running = t_i - 1; /* the nearest ahead of us has got its permit */
            t_i = 0;
            running = 0;
            goto look
        :: else -> t_i = 0; running = 0
        fi;
        choose_watched();
#ifndef NEVER_LOOKS_AGAIN
        if
        :: has_to_look_again -> goto look
        :: else
        fi
#endif
       }
    :: atomic { !has_reply && gone[me] ->
#ifdef DELAY
#ifndef END_TAKEN_FOR_A_RELEASE
        if
        :: gone[me] & knows[me] ->
            assert(gone[me] & died); /* a release keeps nobody waiting */
            holds_back = true
        :: else
        fi;
#endif
#endif
        knows[me] = knows[me] & ~gone[me];
        ahead = ahead & ~gone[me];
        gone[me] = 0;
        choose_watched();
#ifndef NEVER_LOOKS_AGAIN
        if
        :: has_to_look_again -> goto look
        :: else
        fi
#endif
       }
    :: atomic { !has_reply && changed[me] -> changed[me] = 0 } /* and is read again */
    :: atomic { holds_back -> holds_back = false; owed[me] = false } /* the delay is over */
    :: atomic { /* a reader inside the pair says so: only the second node can be ahead of it then */
        kind == Shared && (ahead >> own) > 1 && ahead != shown_wait && !has_reply ->
        shown_wait = ahead;
#ifndef WAIT_NOT_SHOWN
        says_waits[own] = own + 1;
        do
        :: !(ahead & bit(says_waits[own])) -> says_waits[own]++
        :: else -> break
        od;
        t_nodes = bit(own);
        wrote()
#endif
       }
    :: atomic { (GIVES_UP & bit(me)) && base[own] == NONE && !holds_back -> goto leave }
    :: atomic { (ENDS_UPGRADE & bit(me)) && base[own] != NONE ->
        t_nodes = bit(own);
        remove(me); /* the share stays */
        own = second;
        second = NONE;
        goto let_go
       }
    od;

    /* granted */
    atomic {
        if
        :: kind == Permit -> holds[me] = Permitted; permitted++
        :: kind == Shared -> holds[me] = Sharing
        :: kind == Upgradable && base[own] == NONE -> holds[me] = Sharing; upgraders = upgraders | bit(me)
        :: else -> holds[me] = Alone
        fi;
        holders = holders | bit(own);
        if
        :: base[own] == NONE -> check_order() /* of an upgrade S1 has to say it all */
        :: else -> assert(!owed[me])
        fi;
        check_holders();
        watched[me] = 0
    };
    if
    :: kind == Permit && was_queued ->
#ifndef RUNS_UNSEEN
        atomic { says_running = says_running | bit(own); t_nodes = bit(own); wrote() }
#endif
    :: wish == Downgrading ->
        atomic { holds[me] = Sharing };
        atomic { says_shared = says_shared | bit(own); t_nodes = bit(own); wrote() }
    :: kind == Upgradable && base[own] == NONE ->
        atomic { second = own; make(me, own, true, false, false, second) };
#ifdef ALONE_AT_ONCE
        atomic { holds[me] = Alone; check_holders() };
        goto let_go;
#endif
        passed = 0;
        goto look
    :: wish == Keeping ->
        atomic { seen = tree; is_child_watched[me] = true }; /* the server reads */
        atomic { holds[me] = Idle };                         /* released, and kept */
#ifndef KEPT_UNLOOKED_AT
        if
        :: atomic { seen != bit(own) -> seen = 0; goto let_go }
        :: atomic { seen == bit(own) -> seen = 0 }
        fi;
#else
        seen = 0;
#endif
        if
        :: atomic { child_changed[me] -> child_changed[me] = false }
        :: atomic { busy == 1 } /* nobody else comes: its time is over */
        fi
    :: else
    fi;

let_go:
    if
    :: !(HOLDS_ON & bit(me)) || busy == 1 -> skip
    fi;
    atomic {
        permitted = permitted - (holds[me] == Permitted);
        holds[me] = Idle;
        upgraders = upgraders & ~bit(me);
        if
        :: DIES & bit(me) -> is_released = false
        :: true -> is_released = true
        fi
    };
leave:
    atomic {
        t_nodes = bit(own);
        if
        :: second != NONE -> t_nodes = t_nodes | bit(second)
        :: else
        fi;
        if
        :: !is_released -> note_death() /* the nodes go with the session */
        :: else ->
#ifdef DELAY
#ifndef RELEASE_UNMARKED
            wrote() /* and delete, in one transaction, which watches tell as the write */
#else
            skip
#endif
#else
            skip
#endif
        fi;
        remove(me);
        watched[me] = 0;
        gone[me] = 0;
        changed[me] = 0;
        knows[me] = 0;
        owed[me] = false;
        is_child_watched[me] = false;
        child_changed[me] = false;
        busy--
    }
}

init {
    atomic {
        if
        :: K0 != Nobody -> busy++; run client(0, K0)
        :: else
        fi;
        if
        :: K1 != Nobody -> busy++; run client(1, K1)
        :: else
        fi;
        if
        :: K2 != Nobody -> busy++; run client(2, K2)
        :: else
        fi;
        if
        :: K3 != Nobody -> busy++; run client(3, K3)
        :: else
        fi
    };
    _nr_pr == 1;
    assert(tree == 0)
}
