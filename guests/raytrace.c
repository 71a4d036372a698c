/*
 * Ray tracer with a scene of our own: balls on a chequered floor, two lamps, shadows, reflections. The picture is cut
 * into tiles; each CPU takes tiles from its own queue and, when that is empty, steals from the queues of others
 * (the work distribution of SPLASH-2's Raytrace). The picture does not depend on who drew what. With balls=N the scene
 * is a large one instead, of raytrace/cloud.c.
 */
#include "raytrace/cloud.h"
#include "runtime/atomics.h"
#include "runtime/barrier.h"
#include "runtime/console.h"
#include "runtime/cp0.h"
#include "runtime/memory.h"
#include "runtime/parallel.h"
#include "runtime/parameters.h"
#include "runtime/result.h"

enum { TILE_PIXELS = 8, MAX_BOUNCES = 4, DEFAULT_SIZE = 64 };

/* Checksum of the picture of 64 x 64 pixels; the same source gives it on an x86-64 host. */
#define DEFAULT_CHECKSUM 0x9618ab135af9f585UL

struct hit {
    double distance;
    struct vector point, normal, colour;
    double mirror;
};

static const struct ball balls[] = {
    { { 0.0, 1.0, 6.0 }, 1.0, { 0.9, 0.2, 0.2 }, 0.30 },
    { { -2.1, 0.8, 5.0 }, 0.8, { 0.2, 0.8, 0.3 }, 0.15 },
    { { 2.0, 0.7, 4.6 }, 0.7, { 0.2, 0.3, 0.9 }, 0.45 },
    { { 0.9, 0.4, 3.6 }, 0.4, { 0.9, 0.8, 0.2 }, 0.60 },
    { { -0.8, 0.3, 3.4 }, 0.3, { 0.8, 0.3, 0.8 }, 0.10 },
    { { -1.2, 2.4, 7.5 }, 1.1, { 0.7, 0.7, 0.7 }, 0.80 },
    { { 2.6, 2.2, 8.0 }, 1.3, { 0.3, 0.8, 0.8 }, 0.50 },
    { { 0.2, 2.6, 5.2 }, 0.4, { 1.0, 0.5, 0.1 }, 0.20 },
};

static const struct {
    struct vector place;
    double power;
} lamps[] = {
    { { -4.0, 6.0, 1.0 }, 0.7 },
    { { 5.0, 5.0, 2.0 }, 0.4 },
};

enum { BALLS = sizeof balls / sizeof *balls, LAMPS = sizeof lamps / sizeof *lamps };

/* Tiles [next, end) of each CPU; next runs past end once the queue is empty. */
static struct {
    volatile uint32_t next;
    uint32_t end;
    uint32_t drawn;
    uint32_t stolen;
} __attribute__((aligned(CACHE_LINE_BYTES))) queues[MAX_CPUS];

static unsigned long size;
static uint32_t *picture;
static struct tree_barrier barrier;
static uint32_t draw_ticks;
static volatile uint32_t wrong;

static struct vector unit(struct vector a)
{
    return scale(a, 1.0 / square_root(dot(a, a)));
}

static const struct ball *nearest_ball(const struct ray *ray, double *distance)
{
    if (cloud_exists())
        return cloud_nearest(ray, distance);
    const struct ball *nearest = NULL;
    for (int i = 0; i < BALLS; i++) {
        double met = meet_ball(&balls[i], ray);
        if (met > 0 && met < *distance) {
            *distance = met;
            nearest = &balls[i];
        }
    }
    return nearest;
}

static bool nearest(const struct ray *ray, struct hit *hit)
{
    hit->distance = 1e9;
    const struct ball *ball = nearest_ball(ray, &hit->distance);
    double floor = ray->direction.y < -1e-9 ? -ray->origin.y / ray->direction.y : -1;
    bool on_floor = floor > 1e-6 && floor < hit->distance && floor < 60;
    if (on_floor)
        hit->distance = floor;
    hit->point = add(ray->origin, scale(ray->direction, hit->distance));
    if (on_floor) {
        bool dark = (((long)(hit->point.x + 1000) ^ (long)(hit->point.z + 1000)) & 1) != 0;
        hit->normal = (struct vector){ 0, 1, 0 };
        hit->colour = dark ? (struct vector){ 0.15, 0.15, 0.15 } : (struct vector){ 0.85, 0.85, 0.8 };
        hit->mirror = 0.2;
    } else if (ball != NULL) {
        hit->normal = scale(subtract(hit->point, ball->centre), 1 / ball->radius);
        hit->colour = ball->colour;
        hit->mirror = ball->mirror;
    }
    return on_floor || ball != NULL;
}

static bool shadowed(struct vector point, struct vector direction, double distance)
{
    struct ray ray = { point, direction };
    if (cloud_exists())
        return cloud_shadows(&ray, distance);
    for (int i = 0; i < BALLS; i++) {
        double met = meet_ball(&balls[i], &ray);
        if (met > 0 && met < distance)
            return true;
    }
    return false;
}

static double light_at(const struct hit *hit)
{
    double light = 0.1;
    for (int i = 0; i < LAMPS; i++) {
        struct vector way = subtract(lamps[i].place, hit->point);
        double distance = square_root(dot(way, way));
        way = scale(way, 1 / distance);
        double slope = dot(way, hit->normal);
        if (slope > 0 && !shadowed(hit->point, way, distance))
            light += lamps[i].power * slope;
    }
    return light;
}

static struct vector colour_of(struct ray ray)
{
    struct vector colour = { 0, 0, 0 };
    double share = 1;
    for (int bounce = 0; bounce <= MAX_BOUNCES && share > 0.01; bounce++) {
        struct hit hit;
        if (!nearest(&ray, &hit)) {
            double height = 0.5 + 0.5 * ray.direction.y;
            return add(colour, scale((struct vector){ 0.4, 0.6, 0.9 }, share * height));
        }
        colour = add(colour, scale(hit.colour, share * (1 - hit.mirror) * light_at(&hit)));
        share *= hit.mirror;
        ray.origin = hit.point;
        ray.direction = subtract(ray.direction, scale(hit.normal, 2 * dot(ray.direction, hit.normal)));
    }
    return colour;
}

static uint32_t level_of(double brightness)
{
    return brightness >= 1 ? 255 : (uint32_t)(int)(brightness * 255 + 0.5);
}

static void draw(uint32_t tile)
{
    unsigned long tiles_across = (size + TILE_PIXELS - 1) / TILE_PIXELS;
    unsigned long left = tile % tiles_across * TILE_PIXELS, top = tile / tiles_across * TILE_PIXELS;
    for (unsigned long y = top; y < top + TILE_PIXELS && y < size; y++) {
        for (unsigned long x = left; x < left + TILE_PIXELS && x < size; x++) {
            double across = ((double)(long)(2 * x + 1) - (double)(long)size) / (double)(long)size;
            double up = ((double)(long)size - (double)(long)(2 * y + 1)) / (double)(long)size;
            struct ray ray = { { 0, 1.5, -1 }, unit((struct vector){ 0.8 * across, 0.8 * up, 1.4 }) };
            struct vector colour = colour_of(ray);
            picture[y * size + x] = level_of(colour.x) << 16 | level_of(colour.y) << 8 | level_of(colour.z);
        }
    }
}

static void work(unsigned cpu)
{
    if (cloud_exists())
        cloud_make(cpu);
    tree_barrier_wait(&barrier, cpu);
    uint32_t start = cycle_count();
    for (unsigned i = 0; i < cpu_count(); i++) {
        unsigned owner = (cpu + i) % cpu_count();
        while (queues[owner].next < queues[owner].end) {
            uint32_t tile = atomic_fetch_add32(&queues[owner].next, 1);
            if (tile >= queues[owner].end)
                break;
            draw(tile);
            queues[cpu].drawn++;
            queues[cpu].stolen += owner != cpu;
        }
    }
    tree_barrier_wait(&barrier, cpu);
    if (cpu == 0)
        draw_ticks = cycle_count() - start;
    if (cloud_exists() && !cloud_check(cpu))
        wrong = 1;
}

/* FNV-1a over the pixels in reading order. */
static uint64_t checksum(void)
{
    uint64_t hash = 0xcbf29ce484222325UL;
    for (unsigned long i = 0; i < size * size; i++)
        hash = (hash ^ picture[i]) * 0x100000001b3UL;
    return hash;
}

int main(void)
{
    size = parameter("size", DEFAULT_SIZE);
    if (size == 0 || size > 4096)
        panic("size=%lu: 1 to 4096 pixels are possible", size);
    unsigned long tiles_across = (size + TILE_PIXELS - 1) / TILE_PIXELS;
    unsigned long tiles = tiles_across * tiles_across;
    picture = allocate(size * size * sizeof *picture);
    cloud_allocate(parameter("balls", 0));
    for (unsigned cpu = 0; cpu < cpu_count(); cpu++) {
        unsigned long first, last;
        share_of(cpu, tiles, &first, &last);
        queues[cpu].next = (uint32_t)first;
        queues[cpu].end = (uint32_t)last;
    }
    print("raytrace: %u CPUs, %lu x %lu pixels, %lu tiles\n", cpu_count(), size, size, tiles);
    parallel_run(work);
    uint32_t drawn = 0, stolen = 0;
    for (unsigned cpu = 0; cpu < cpu_count(); cpu++) {
        drawn += queues[cpu].drawn;
        stolen += queues[cpu].stolen;
    }
    uint64_t sum = checksum();
    print("  drawn in %u ticks, %u tiles stolen, checksum %016lx\n", draw_ticks, stolen, sum);
    check(drawn == tiles, "each tile was drawn once");
    check(!wrong, "the grid finds the nearest ball");
    check(size != DEFAULT_SIZE || cloud_exists() || sum == DEFAULT_CHECKSUM, "the picture is the known one");
    return verdict("raytrace");
}
