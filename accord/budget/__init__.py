"""How the workers of one system keep to its limits together, however many they are. The topic `budget.<system>` carries what they say (accord.kafka.budget)."""
