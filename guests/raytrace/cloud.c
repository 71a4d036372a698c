#include <stddef.h>
#include <stdint.h>

#include "raytrace/cloud.h"
#include "runtime/atomics.h"
#include "runtime/barrier.h"
#include "runtime/board.h"
#include "runtime/console.h"
#include "runtime/memory.h"
#include "runtime/parallel.h"

/* Of the cube; balls are of such a size that a ray meets one after half its side. */
static const double side = 8, left = -4, bottom = 0, front = 2, reach = 4, pi = 3.14159265358979323846;

enum { BALLS_PER_CELL = 2, PLACES_PER_BALL = 8, CHECKED_RAYS = 2, AXES = 3 };

static unsigned long count, cells_across, cells;
static struct ball *balls;

/* Of each cell: how many balls touch it, then where the list of them begins; the lists, one after the other. */
static volatile uint32_t *fill;
static uint32_t *first, *list;
static struct tree_barrier barrier;
static double found[MAX_CPUS][CHECKED_RAYS];

/* A ray on its way from cell to cell. [Amanatides and Woo 1987] */
struct walk {
    long cell[AXES], step[AXES];
    double next[AXES], stride[AXES]; /* distance to the next border of each axis, and between borders */
    bool inside;
};

bool cloud_exists(void)
{
    return count != 0;
}

void cloud_allocate(unsigned long wanted)
{
    if (wanted > CLOUD_BALLS_MAX)
        panic("balls=%lu: 0 to %u are possible", wanted, CLOUD_BALLS_MAX);
    count = wanted;
    if (count == 0)
        return;
    for (cells_across = 1; cells_across * cells_across * cells_across * BALLS_PER_CELL < count; cells_across++)
        ;
    cells = cells_across * cells_across * cells_across;
    balls = allocate(count * sizeof *balls);
    first = allocate((cells + 1) * sizeof *first);
    fill = allocate(cells * sizeof *fill);
    list = allocate(count * PLACES_PER_BALL * sizeof *list);
}

/* A number from 0 to 1 that follows from ball and place alone. [Steele et al. 2014: splitmix64] */
static double number(unsigned long ball, unsigned place)
{
    uint64_t z = (ball * 16 + place + 1) * 0x9e3779b97f4a7c15UL;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9UL;
    z = (z ^ z >> 27) * 0x94d049bb133111ebUL;
    return (double)(long)((z ^ z >> 31) >> 11) / 9007199254740992.0;
}

static struct ball make_ball(unsigned long ball)
{
    double radius = square_root(side * side * side / (reach * pi * (double)(long)count));
    return (struct ball){
        .centre = { left + side * number(ball, 0), bottom + side * number(ball, 1), front + side * number(ball, 2) },
        .radius = radius * (0.5 + number(ball, 3)),
        .colour = { number(ball, 4), number(ball, 5), number(ball, 6) },
        .mirror = 0.1 + 0.7 * number(ball, 7),
    };
}

static long cell_on_axis(double place, double origin)
{
    long cell = (long)((place - origin) * (double)(long)cells_across / side);
    return place < origin ? 0 : cell >= (long)cells_across ? (long)cells_across - 1 : cell;
}

static unsigned long cell_number(long x, long y, long z)
{
    return ((unsigned long)z * cells_across + (unsigned long)y) * cells_across + (unsigned long)x;
}

/* Counts the ball in each cell that it may touch, or enters it in their lists. */
static void enter_ball(unsigned long number, bool into_lists)
{
    const struct ball *ball = &balls[number];
    struct vector centre = ball->centre;
    double radius = ball->radius;
    for (long z = cell_on_axis(centre.z - radius, front); z <= cell_on_axis(centre.z + radius, front); z++) {
        for (long y = cell_on_axis(centre.y - radius, bottom); y <= cell_on_axis(centre.y + radius, bottom); y++) {
            for (long x = cell_on_axis(centre.x - radius, left); x <= cell_on_axis(centre.x + radius, left); x++) {
                uint32_t place = atomic_fetch_add32(&fill[cell_number(x, y, z)], 1);
                if (into_lists)
                    list[place] = (uint32_t)number;
            }
        }
    }
}

void cloud_make(unsigned cpu)
{
    unsigned long begin, end;
    share_of(cpu, count, &begin, &end);
    for (unsigned long ball = begin; ball < end; ball++) {
        balls[ball] = make_ball(ball);
        enter_ball(ball, false);
    }
    tree_barrier_wait(&barrier, cpu);
    if (cpu == 0) {
        uint32_t before = 0;
        for (unsigned long cell = 0; cell < cells; cell++) {
            first[cell] = before;
            before += fill[cell];
            fill[cell] = first[cell];
        }
        first[cells] = before;
        if (before > count * PLACES_PER_BALL)
            panic("the balls touch %u cells", before);
    }
    tree_barrier_wait(&barrier, cpu);
    for (unsigned long ball = begin; ball < end; ball++)
        enter_ball(ball, true);
    tree_barrier_wait(&barrier, cpu);
}

/* Where the ray enters the cube, clipped axis by axis. */
static struct walk begin_walk(const struct ray *ray)
{
    const double origin[AXES] = { ray->origin.x, ray->origin.y, ray->origin.z };
    const double way[AXES] = { ray->direction.x, ray->direction.y, ray->direction.z };
    const double low[AXES] = { left, bottom, front };
    struct walk walk = { .inside = false };
    double enters = 0, leaves = 1e9;
    for (int i = 0; i < AXES; i++) {
        if (way[i] > -1e-12 && way[i] < 1e-12) {
            if (origin[i] < low[i] || origin[i] >= low[i] + side)
                return walk;
            continue;
        }
        double one = (low[i] - origin[i]) / way[i], other = (low[i] + side - origin[i]) / way[i];
        double near = one < other ? one : other, far = one < other ? other : one;
        enters = near > enters ? near : enters;
        leaves = far < leaves ? far : leaves;
    }
    if (enters >= leaves)
        return walk;
    walk.inside = true;
    double width = side / (double)(long)cells_across;
    for (int i = 0; i < AXES; i++) {
        walk.cell[i] = cell_on_axis(origin[i] + enters * way[i], low[i]);
        bool up = way[i] > 1e-12, down = way[i] < -1e-12;
        walk.step[i] = up ? 1 : down ? -1 : 0;
        walk.stride[i] = up ? width / way[i] : down ? -width / way[i] : 1e9;
        double border = low[i] + (double)(walk.cell[i] + (up ? 1 : 0)) * width;
        walk.next[i] = up || down ? (border - origin[i]) / way[i] : 1e9;
    }
    return walk;
}

/* Distance at which the ray leaves its cell. */
static double cell_end(const struct walk *walk, int *axis)
{
    *axis = walk->next[0] < walk->next[1] ? 0 : 1;
    if (walk->next[2] < walk->next[*axis])
        *axis = 2;
    return walk->next[*axis];
}

static bool next_cell(struct walk *walk, int axis)
{
    walk->cell[axis] += walk->step[axis];
    walk->next[axis] += walk->stride[axis];
    return walk->cell[axis] >= 0 && walk->cell[axis] < (long)cells_across;
}

const struct ball *cloud_nearest(const struct ray *ray, double *distance)
{
    const struct ball *nearest = NULL;
    struct walk walk = begin_walk(ray);
    for (bool more = walk.inside; more;) {
        unsigned long cell = cell_number(walk.cell[0], walk.cell[1], walk.cell[2]);
        for (uint32_t place = first[cell]; place < first[cell + 1]; place++) {
            const struct ball *ball = &balls[list[place]];
            double met = meet_ball(ball, ray);
            if (met > 0 && met < *distance) {
                *distance = met;
                nearest = ball;
            }
        }
        int axis;
        double end = cell_end(&walk, &axis);
        more = *distance > end && next_cell(&walk, axis);
    }
    return nearest;
}

bool cloud_shadows(const struct ray *ray, double distance)
{
    struct walk walk = begin_walk(ray);
    for (bool more = walk.inside; more;) {
        unsigned long cell = cell_number(walk.cell[0], walk.cell[1], walk.cell[2]);
        for (uint32_t place = first[cell]; place < first[cell + 1]; place++) {
            double met = meet_ball(&balls[list[place]], ray);
            if (met > 0 && met < distance)
                return true;
        }
        int axis;
        double end = cell_end(&walk, &axis);
        more = distance > end && next_cell(&walk, axis);
    }
    return false;
}

static struct ray checked_ray(int number)
{
    struct vector direction = { 0.2 - 0.5 * number, 0.3, 1 };
    return (struct ray){ { 0, 1.5, -1 }, scale(direction, 1 / square_root(dot(direction, direction))) };
}

bool cloud_check(unsigned cpu)
{
    unsigned long begin, end;
    share_of(cpu, count, &begin, &end);
    for (int i = 0; i < CHECKED_RAYS; i++) {
        struct ray ray = checked_ray(i);
        found[cpu][i] = 1e9;
        for (unsigned long ball = begin; ball < end; ball++) {
            double met = meet_ball(&balls[ball], &ray);
            if (met > 0 && met < found[cpu][i])
                found[cpu][i] = met;
        }
    }
    tree_barrier_wait(&barrier, cpu);
    bool right = true;
    for (int i = 0; cpu == 0 && i < CHECKED_RAYS; i++) {
        struct ray ray = checked_ray(i);
        double distance = 1e9, least = 1e9;
        cloud_nearest(&ray, &distance);
        for (unsigned other = 0; other < cpu_count(); other++)
            least = found[other][i] < least ? found[other][i] : least;
        right &= distance == least;
    }
    return right;
}
