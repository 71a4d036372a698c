/* What the ray tracer and its large scene have in common: vectors, rays, balls. */
#ifndef RAYTRACE_SCENE_H
#define RAYTRACE_SCENE_H

#include "runtime/mathematics.h"

struct vector {
    double x, y, z;
};

struct ray {
    struct vector origin, direction;
};

/* 64 bytes of numbers: half a line of the second-level cache. */
struct ball {
    struct vector centre;
    double radius;
    struct vector colour;
    double mirror;
};

static inline struct vector add(struct vector a, struct vector b)
{
    return (struct vector){ a.x + b.x, a.y + b.y, a.z + b.z };
}

static inline struct vector scale(struct vector a, double factor)
{
    return (struct vector){ a.x * factor, a.y * factor, a.z * factor };
}

static inline struct vector subtract(struct vector a, struct vector b)
{
    return (struct vector){ a.x - b.x, a.y - b.y, a.z - b.z };
}

static inline double dot(struct vector a, struct vector b)
{
    return a.x * b.x + a.y * b.y + a.z * b.z;
}

/* Distance to the ball along the ray, or a negative number. */
static inline double meet_ball(const struct ball *ball, const struct ray *ray)
{
    struct vector to_centre = subtract(ball->centre, ray->origin);
    double along = dot(to_centre, ray->direction);
    double root = ball->radius * ball->radius - dot(to_centre, to_centre) + along * along;
    if (root < 0)
        return -1;
    root = square_root(root);
    return along - root > 1e-6 ? along - root : along + root > 1e-6 ? along + root : -1;
}

#endif
