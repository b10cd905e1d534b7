"""Several tasks in an order, each delivered by its rule."""
