/*
 * The large scene: a cube full of small balls at random places, found through a grid of cells as in SPLASH-2's
 * Raytrace. Balls lie in memory in the order of their numbers, which says nothing about where they are, so that a ray's way
 * through the scene is no way through memory.
 */
#ifndef RAYTRACE_CLOUD_H
#define RAYTRACE_CLOUD_H

#include <stdbool.h>

#include "raytrace/scene.h"

enum { CLOUD_BALLS_MAX = 1 << 20 };

/* Allocates the scene; 0 balls is no scene. Before the other CPUs start. */
void cloud_allocate(unsigned long balls);

bool cloud_exists(void);

/* Makes it; by all CPUs together. */
void cloud_make(unsigned cpu);

/* The nearest ball on a ray before *distance, which becomes its distance; NULL when there is none. */
const struct ball *cloud_nearest(const struct ray *ray, double *distance);

/* Whether there is a ball on the ray before the distance. */
bool cloud_shadows(const struct ray *ray, double distance);

/* Tests all balls for a few rays; by all CPUs together. True, on CPU 0, when the grid finds the same. */
bool cloud_check(unsigned cpu);

#endif
