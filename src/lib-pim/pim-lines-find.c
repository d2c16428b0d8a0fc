/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "pim-lines-private.h"

#include <ctype.h>

/* Lookups by name. A component may have a hundred thousand EXDATEs, and behind them what is
   asked for again and again: one with many nodes has them in lists by their names' hashes, each
   in the order of the text. Names that share a list are told apart in it, so at worst a
   lookup sees all nodes, as in a small component; keeping the lists never costs more than
   editing does. */

/* nodes that are rather looked at */
#define PIM_NAMES_MIN 64
#define PIM_NAMES_LISTS 256

struct pim_names {
	struct pim_node *first[PIM_NAMES_LISTS], *last[PIM_NAMES_LISTS];
};

/*
 * The lists
 */

static unsigned int
pim_name_list(enum pim_node_type type, const char *name)
{
	uint32_t hash = type;

	for (; *name != '\0'; name++)
		hash = hash * 33 + (unsigned char)i_toupper(*name);
	return (hash ^ (hash >> 8) ^ (hash >> 16)) % PIM_NAMES_LISTS;
}

/* Puts node behind prev (NULL: first). */
static void pim_names_link(struct pim_names *names, struct pim_node *prev,
			   struct pim_node *node)
{
	unsigned int list = node->name_list;

	node->same_prev = prev;
	node->same_next = prev == NULL ? names->first[list] : prev->same_next;
	if (prev != NULL)
		prev->same_next = node;
	else
		names->first[list] = node;
	if (node->same_next != NULL)
		node->same_next->same_prev = node;
	else
		names->last[list] = node;
}

static void pim_names_add(struct pim_component *comp, struct pim_node *node)
{
	struct pim_names *names = comp->names;
	struct pim_node *prev;

	if (node->type == PIM_NODE_JUNK)
		return;
	node->name_list = pim_name_list(node->type, node->name);
	prev = names->last[node->name_list];
	/* mostly it is the last one of all */
	if (node->next != NULL && prev != NULL) {
		prev = node->prev;
		while (prev != NULL && (prev->type == PIM_NODE_JUNK ||
					prev->name_list != node->name_list))
			prev = prev->prev;
	}
	pim_names_link(names, prev, node);
}

static void pim_names_make(struct pim_component *comp)
{
	struct pim_names *names = p_new(comp->doc->pool, struct pim_names, 1);

	comp->names = names;
	for (struct pim_node *node = comp->head; node != NULL;
	     node = node->next) {
		if (node->type == PIM_NODE_JUNK)
			continue;
		node->name_list = pim_name_list(node->type, node->name);
		pim_names_link(names, names->last[node->name_list], node);
	}
}

void pim_names_inserted(struct pim_node *node)
{
	struct pim_component *comp = node->parent;

	comp->nodes_count++;
	if (comp->names != NULL)
		pim_names_add(comp, node);
	else if (comp->nodes_count == PIM_NAMES_MIN)
		pim_names_make(comp);
}

void pim_names_removed(struct pim_node *node)
{
	struct pim_names *names = node->parent->names;

	node->parent->nodes_count--;
	if (names == NULL || node->type == PIM_NODE_JUNK)
		return;
	if (node->same_prev != NULL)
		node->same_prev->same_next = node->same_next;
	else
		names->first[node->name_list] = node->same_next;
	if (node->same_next != NULL)
		node->same_next->same_prev = node->same_prev;
	else
		names->last[node->name_list] = node->same_prev;
	node->same_prev = node->same_next = NULL;
}

/*
 * Lookups
 */

static bool pim_node_is(const struct pim_node *node, enum pim_node_type type,
			const char *name)
{
	return node->type == type &&
		(name == NULL || strcasecmp(node->name, name) == 0);
}

static struct pim_node *
pim_node_find(const struct pim_component *comp, enum pim_node_type type,
	      const char *name)
{
	struct pim_node *node;

	if (comp->names != NULL && name != NULL) {
		node = comp->names->first[pim_name_list(type, name)];
		while (node != NULL && !pim_node_is(node, type, name))
			node = node->same_next;
		return node;
	}
	node = comp->head;
	while (node != NULL && !pim_node_is(node, type, name))
		node = node->next;
	return node;
}

static struct pim_node *
pim_node_next(struct pim_node *node, const char *name)
{
	enum pim_node_type type = node->type;

	if (node->parent->names != NULL && name != NULL &&
	    strcasecmp(node->name, name) == 0) {
		do {
			node = node->same_next;
		} while (node != NULL && !pim_node_is(node, type, name));
		return node;
	}
	do {
		node = node->next;
	} while (node != NULL && !pim_node_is(node, type, name));
	return node;
}

struct pim_node *
pim_property_place(const struct pim_component *comp, const char *name)
{
	struct pim_node *node = comp->tail;

	if (comp->names != NULL) {
		node = comp->names->last[pim_name_list(PIM_NODE_PROPERTY,
						       name)];
		while (node != NULL &&
		       !pim_node_is(node, PIM_NODE_PROPERTY, name))
			node = node->same_prev;
	} else {
		while (node != NULL &&
		       !pim_node_is(node, PIM_NODE_PROPERTY, name))
			node = node->prev;
	}
	if (node != NULL)
		return node;
	node = comp->tail;
	while (node != NULL && node->type != PIM_NODE_PROPERTY)
		node = node->prev;
	return node;
}

static struct pim_component *pim_node_component(struct pim_node *node)
{
	return node == NULL ? NULL :
		container_of(node, struct pim_component, node);
}

static struct pim_property *pim_node_property(struct pim_node *node)
{
	return node == NULL ? NULL :
		container_of(node, struct pim_property, node);
}

struct pim_component *
pim_component_find(const struct pim_component *comp, const char *name)
{
	return pim_node_component(pim_node_find(comp, PIM_NODE_COMPONENT,
						name));
}

struct pim_component *
pim_component_next(const struct pim_component *comp, const char *name)
{
	struct pim_component *this = (struct pim_component *)comp;

	return pim_node_component(pim_node_next(&this->node, name));
}

struct pim_property *
pim_property_find(const struct pim_component *comp, const char *name)
{
	return pim_node_property(pim_node_find(comp, PIM_NODE_PROPERTY, name));
}

struct pim_property *
pim_property_next(const struct pim_property *prop, const char *name)
{
	struct pim_property *this = (struct pim_property *)prop;

	return pim_node_property(pim_node_next(&this->node, name));
}
